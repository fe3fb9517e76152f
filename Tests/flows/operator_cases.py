"""What an operator does: stop and start glue, look without touching, name queues that do not exist."""

import os

from bench import IMAGE, check, eventually, has, same
from cases import case

WAITS = 'echo up\nwhile [ ! -e /srv/flows/go-$0 ]; do sleep 0.1; done\necho went on\n'


@case("SIGTERM leaves pods alone, exits 0, and the next glue picks up", 25)
def restart(bench):
    queues = [bench.served("restart", bench.path("template-plain.yaml"))]
    glue = bench.glue("restart", queues).ready()
    task = bench.task("restart", WAITS.replace("$0", "restart"), queue="restart")
    task.running()
    glue.stop()
    same("pods", [pod[0] for pod in task.left()["pods"]], ["Running"])
    same("status", task.now["status"], "in_progress")
    later = bench.task("restart later", "echo later\n", queue="restart")
    with open(os.path.join(bench.shared, "go-restart"), "w"):
        pass
    # The executor reports without any glue; the Job waits for one to be let go.
    task.until("completed")
    held = [("1", "Complete", "held")]
    eventually(lambda: f"left: found {task.left()}, expected {held}", lambda: task.left()["jobs"] == held, 20)
    again = bench.glue("restart", queues, file="restart-again").ready()
    task.ends("completed", "worker execution done", runs=1, jobs=[("1", "Complete", "free")], pods=[("Succeeded", 0)], console=["went on"])
    later.ends("completed", "worker execution done", runs=1, console=["later"])
    again.finish()


@case("--dry-run prints the Jobs and changes nothing", 15)
def dry_run(bench):
    queues = [bench.served("dry", bench.path("template-plain.yaml"))]
    tasks = [bench.task(f"dry {number}", queue="dry") for number in range(2)]
    before = [task.now for task in tasks]
    glue = bench.glue("dry", queues, options=["--dry-run"])
    glue.ends(0)
    printed = glue.output.replace('"', "")
    for task in tasks:
        has("what it prints", printed, f"# task {task.id}, queue dry\n", f"clearml-task-id: {task.id}", "kind: Job", IMAGE)
    check(glue.output.index(tasks[0].id) < glue.output.index(tasks[1].id), "the order of the queue is not kept", glue.output)
    check("CLEARML_API_SECRET_KEY" in glue.output and bench.ready["secretKey"] not in glue.output, "a key is printed", glue.output)
    for task, then in zip(tasks, before):
        same("the task", task.now, then)
        same("left", task.left(), {"jobs": [], "pods": []})
    same("the queue", bench.entries("dry"), [task.id for task in tasks])
    names = [q["name"] for q in bench.server.call("queues.get_all", search_hidden=True)["queues"]]
    check("k8s:dry/default" not in names, "the pending queue was made", names)
    for task in tasks:
        bench.server.call("tasks.dequeue", task=task.id)


@case("a queue that does not exist: named, exit 3")
def unknown_queue(bench):
    template = bench.path("template-plain.yaml")
    queues = [{"name": "no such queue", "template": template}, {"name": "nor this", "template": template}]
    glue = bench.glue("unknown", queues)
    glue.ends(3, "has no queue `no such queue`, `nor this`", "createIfMissing: true")
    names = [q["name"] for q in bench.server.call("queues.get_all", search_hidden=True)["queues"]]
    check("no such queue" not in names, "the queue was made", names)


@case("createIfMissing makes the queue, and glue serves it", 15)
def create_queue(bench):
    queues = [{"name": "made by glue", "template": bench.path("template-plain.yaml"), "createIfMissing": True}]
    glue = bench.glue("creates", queues).ready()
    bench.task("in a new queue", queue="made by glue").ends("completed", "worker execution done", runs=1)
    glue.finish()


@case("glue is a worker of the server, until it ends", 15)
def worker(bench):
    glue = bench.glue("worker", [bench.served("worker", bench.path("template-plain.yaml"))]).ready()
    name = "worker:worker:default"

    def workers():
        return [w["id"] for w in bench.server.call("workers.get_all")["workers"]]

    eventually(lambda: f"no worker {name} among {workers()}", lambda: name in workers(), 15)
    glue.finish()
    check(name not in workers(), "the worker is still registered", workers())
