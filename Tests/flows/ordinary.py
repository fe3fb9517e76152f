"""The main job: from the queue to completed or failed, and what of it can be seen where."""

import os
import subprocess

from bench import Skip, check, eventually, has, same
from cases import case

DONE = {"jobs": [("1", "Complete", "free")], "pods": [("Succeeded", 0)]}


def ended(code):
    return {"jobs": [("1", "Failed", "free")], "pods": [("Failed", code)]}


@case("a literal script completes")
def completes(bench):
    task = bench.task("completes", 'echo "hello from $CLEARML_TASK_ID"\n')
    found = task.ends(
        "completed", "worker execution done", **DONE, runs=1,
        console=["claimed from queue `plain`", f"hello from {task.id}", "Process completed successfully"],
    )
    job = task.jobs[0]
    same("the Job's name in the runtime", found["runtime"]["glue_job"], job["metadata"]["name"])
    same("the claim's Job", found["runtime"]["glue_claim"].split("/")[1], job["metadata"]["uid"])
    same("the phase", found["runtime"]["glue_phase"].split()[-1], "run")
    same("the label of the queue", job["metadata"]["labels"]["clearml-agent-queue-name"], "plain")
    verdict = task.pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    has("the verdict", verdict, '"outcome":"completed"', '"reported":true')
    check(task.id not in bench.entries("plain"), "the task still stands in its queue")


@case("exit code 3 fails the task with that code")
def exit_code(bench):
    bench.task("exit code", "echo about to give up >&2\nexit 3\n").ends(
        "failed", "worker execution exit code 3", **ended(3), runs=1,
        console=["about to give up", "the code ended with exit code 3", "Process failed, exit code 3"],
    )


def git(folder, *arguments):
    identity = ["-c", "user.name=Flow", "-c", "user.email=flow@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, timeout=30)
    check(done.returncode == 0, f"git {arguments[0]} failed", done.stderr)
    return done.stdout.strip()


def repository(bench, name):
    """A small repository that pods see, as a folder and as a bundle: its path, its commit."""
    folder = os.path.join(bench.shared, name)
    os.makedirs(folder)
    git(folder, "init", "-q")
    code = "import os, sys\nprint('code of', os.environ['CLEARML_TASK_ID'], 'with', sys.argv[1:])\nprint('first state')\n"
    with open(os.path.join(folder, "train.py"), "w") as file:
        file.write(code)
    git(folder, "add", "train.py")
    git(folder, "commit", "-qm", "one")
    git(folder, "bundle", "create", "-q", f"../{name}.bundle", "main")
    return f"/srv/flows/{name}", git(folder, "rev-parse", "HEAD")


def git_script(url, commit, **more):
    return {
        "repository": url, "version_num": commit, "branch": "main", "entry_point": "train.py", "binary": "python3", "diff": "",
        **more,
    }


CHANGE = """\
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import os, sys
 print('code of', os.environ['CLEARML_TASK_ID'], 'with', sys.argv[1:])
-print('first state')
+print('changed state')
"""


@case("Python code out of a git repository, with uncommitted changes")
def from_git(bench):
    path, commit = repository(bench, "repository")
    url = f"file://{path}"
    plain = bench.task("git", script=git_script(url, commit, entry_point="train.py --lr 1"))
    changed = bench.task("git with changes", script=git_script(url, commit, diff=CHANGE))
    bundled = bench.task("git bundle", script=git_script(f"{path}.bundle", commit))
    line = f"code of {plain.id} with ['--lr', '1']"
    plain.ends("completed", "worker execution done", **DONE, console=[line, "first state"])
    changed.ends("completed", "worker execution done", **DONE, console=["changed state"])
    bundled.ends("completed", "worker execution done", **DONE, console=["first state"])
    same("the change took the place of the line", "first state" in changed.console.splitlines(), False)


@case("memory: what is over the limit is killed, and the task says so")
def out_of_memory(bench):
    node = bench.cluster.call("GET", "/api/v1/nodes/sandbox")
    limits = [c for c in node["status"]["conditions"] if c["type"] == "MemoryLimits"]
    if not limits or limits[0]["status"] != "True":
        raise Skip(f"the sandbox can set no memory limits here: {limits[0].get('message') if limits else 'no such condition'}")
    code = "import time\nprint('eating', flush=True)\nhoard = [bytearray(b'x') * (1 << 20) for _ in range(400)]\nprint('fed')\n"
    task = bench.task(
        "memory", record=False, script={"binary": "python3", "entry_point": "eat.py", "diff": code},
        hyperparams={"Kubernetes": {"memory": {"section": "Kubernetes", "name": "memory", "value": "64Mi"}}},
    )
    found = task.ends("failed", None, **ended(72), console=["eating", "killed for memory"])
    same("status_reason", found["status_reason"], "killed for memory")
    limit = task.jobs[0]["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
    same("the container's memory limit", limit, "64Mi")
    check("fed" not in task.console.splitlines(), "the code was not stopped", task.console)


@case("an image that does not exist", 12)
def no_image(bench):
    bench.task("no image", image="registry.local/does-not-exist:1").ends(
        "failed", "image", "image `registry.local/does-not-exist:1` does not exist", "manifest unknown",
        "correct the task's container image", jobs=[], pods=[], runs=0, console=["does not exist"],
    )


@case("an image that the registry denies", 12)
def denied_image(bench):
    bench.task("denied image", image="registry.local/denied:1").ends(
        "failed", "image", "the registry refuses image `registry.local/denied:1`", "imagePullSecrets", jobs=[], pods=[], runs=0,
        console=["the registry refuses"],
    )


@case("an image whose name is none")
def invalid_image(bench):
    upper = bench.task("invalid image", image="registry.local/Upper:Case:1")
    blank = bench.task("image with blanks", image="Not A:Valid::Image")
    upper.ends(
        "failed", "image", "`registry.local/Upper:Case:1` is no valid image name", jobs=[], pods=[], runs=0,
        console=["is no valid image name"],
    )
    blank.ends(
        "failed", "configuration", "`Not A:Valid::Image` is no name of an image", jobs=[], pods=[], runs=0,
        console=["is no name of an image"],
    )


@case("pending past its limit: a GPU that no node has")
def pending_too_long(bench):
    bench.task("pending", queue="gpu").ends(
        "failed", "unschedulable", "no node can take the pod now", "nvidia.com/gpu", "pendingTimeout", jobs=[], pods=[], runs=0,
        console=["no node can take the pod now"],
    )


@case("a task that asks for what is no amount is refused with the name of the field")
def refused(bench):
    hyperparams = {"Kubernetes": {"memory": {"section": "Kubernetes", "name": "memory", "value": "lots"}}}
    bench.task("refused", hyperparams=hyperparams).ends(
        "failed", "configuration", "`lots` is no quantity", "memory", jobs=[], pods=[], runs=0, console=["`lots` is no quantity"],
    )


@case("several tasks at once: each runs once", 20)
def many(bench):
    tasks = [bench.task(f"one of many {number}", f"echo number {number}\n") for number in range(10)]
    for number, task in enumerate(tasks):
        task.ends("completed", "worker execution done", **DONE, runs=1, console=[f"number {number}"])


@case("a queue's limit of Jobs holds, and the front of the queue comes first", 25)
def limit(bench):
    code = 'echo "begin $0" >> /srv/flows/limit; sleep 0.5; echo "end $0" >> /srv/flows/limit\n'
    glue = bench.glue("limit", [bench.served("limit", bench.path("template-plain.yaml"), maxJobs=1)], start=False)
    tasks = [bench.task(name, code.replace("$0", name), queue="limit") for name in ("first", "second", "third")]
    bench.server.call("queues.move_task_to_front", queue=bench.queue("limit"), task=tasks[2].id)
    glue.start().ready()
    for task in tasks:
        task.ends("completed", "worker execution done", **DONE, runs=1)
    with open(os.path.join(bench.shared, "limit")) as file:
        lines = file.read().split("\n")[:-1]
    same("the order", lines, [f"{what} {name}" for name in ("third", "first", "second") for what in ("begin", "end")])
    glue.finish()


@case("queues are served in their order", 20)
def order(bench):
    # Nothing of these tasks can run (no such GPU), so the order of the Jobs is the order of the claims, eight at a time.
    glue = bench.glue("order", [bench.served(name, bench.path("template-gpu.yaml")) for name in ("urgent", "idle")], start=False)
    idle = [bench.task(f"idle {n}", queue="idle") for n in range(2)]
    urgent = [bench.task(f"urgent {n}", queue="urgent") for n in range(10)]
    glue.start().ready()
    eventually("not all are claimed", lambda: all(task.jobs for task in idle + urgent))
    claimed = [line.split("task=")[1].split()[0] for line in glue.log.splitlines() if "Job held" in line]
    same("claims", len(claimed), 12)
    check(not {task.id for task in idle} & set(claimed[:2]), "an idle task was claimed before an urgent one", claimed)
    for task in idle + urgent:
        task.stop()
    for task in idle + urgent:
        task.gone()
    glue.finish()



@case("a finished Job is cleaned up after timing.keepFinishedJobs", 15)
def cleanup(bench):
    glue = bench.glue(
        "cleanup", [bench.served("cleanup", bench.path("template-plain.yaml"))], timing={"keepFinishedJobs": "1s"}
    )
    task = bench.task("cleanup", "true\n", queue="cleanup")
    task.ends("completed", "worker execution done", runs=1)
    task.gone()
    same("its status stays", task.now["status"], "completed")
    glue.ready().finish()


@case("two glues with one configuration: each task runs once", 20)
def replicas(bench):
    queues = [bench.served("replicas", bench.path("template-plain.yaml"))]
    glues = [bench.glue("replicas", queues), bench.glue("replicas", queues, file="replicas-2")]
    for glue in glues:
        glue.ready()
    tasks = [bench.task(f"replicated {number}", queue="replicas") for number in range(8)]
    for task in tasks:
        task.ends("completed", "worker execution done", runs=1)
    for task in tasks:
        found = eventually(
            lambda: f"held Jobs are left\n{task.story()}",
            lambda: task.left() if not [job for job in task.left()["jobs"] if job[2] == "held"] else None, 30,
        )
        same("ended Jobs", [job[1] for job in found["jobs"]], ["Complete"])
    for glue in glues:
        glue.finish()
