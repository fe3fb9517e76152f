"""What users do to tasks that wait or run: abort, reset, delete, enqueue again."""

import time

import clearml

from bench import check, eventually, has, same
from cases import case
from ordinary import DONE

LONG = "echo up\nsleep 300\n"


def never_ran(bench, task):
    """Some turns of glue later there is still nothing of the task."""
    time.sleep(2)
    same("left", task.left(), {"jobs": [], "pods": []})
    same("runs", task.runs, 0)


@case("abort of a task that waits in its queue", 15)
def abort_queued(bench):
    # A queue of a glue that is not there yet.
    glue = bench.glue("abort-queued", [bench.served("abort-queued", bench.path("template-plain.yaml"))], start=False)
    task = bench.task("abort-queued", LONG, queue="abort-queued")
    task.stop()
    task.until("stopped", "created")
    glue.start().ready()
    never_ran(bench, task)
    same("the queue", bench.entries("abort-queued"), [])
    glue.finish()


@case("abort while the image is being pulled", 30)
def abort_pending(bench):
    task = bench.task("abort-pending", LONG, image="registry.local/unreachable:1")
    task.pending()
    # After ten seconds people are told why it waits.
    eventually(lambda: f"not said why it waits\n{task.story()}", lambda: "waiting: image: " in task.console, 30)
    has("status_message", task.now["status_message"], "image `registry.local/unreachable:1` cannot be pulled", "i/o timeout")
    same("status", task.now["status"], "queued")
    task.stop()
    task.ends("stopped", None, runs=0, jobs=[], pods=[])


@case("abort while it runs: stopped, and the console says so", 20)
def abort_running(bench):
    task = bench.task("abort-running", "trap 'echo saying goodbye; exit 0' TERM\necho up\nwhile :; do sleep 0.1; done\n")
    task.running()
    started = time.monotonic()
    task.stop()
    task.ends(
        "stopped", "task was stopped by tasks.stop", **DONE, runs=1,
        console=["saying goodbye", "User aborted: stopping task", "Process aborted by user"],
    )
    check(time.monotonic() - started < 30, "it took more than 30 s")


@case("abort of code that does not listen: killed within its grace", 25)
def abort_deaf(bench):
    task = bench.task("abort-deaf", "trap '' TERM\necho up\nwhile :; do sleep 0.1; done\n")
    task.running()
    started = time.monotonic()
    task.stop()
    task.ends("stopped", "task was stopped by tasks.stop", **DONE, runs=1, console=["Process aborted by user"])
    check(time.monotonic() - started < 30, "it took more than 30 s")


@case("abort of a second attempt", 30)
def abort_second(bench):
    task = bench.task("abort-second", LONG, queue="retry")
    bench.cluster.evict(task.running())
    eventually(lambda: f"no second run\n{task.story()}", lambda: task.runs == 2)
    task.until("in_progress")
    task.stop()
    task.ends("stopped", "task was stopped by tasks.stop", runs=2, console=["attempt 2 follows", "User aborted: stopping task"])


@case("reset while it runs: the pod ends, the task stays a draft", 25)
def reset_running(bench):
    task = bench.task("reset-running", LONG)
    task.running()
    bench.server.call("tasks.reset", task=task.id, force=True)
    task.over()
    same("status", task.now["status"], "created")
    same("runs", task.runs, 1)


@case("a task deleted while it runs: the pod ends", 25)
def deleted_running(bench):
    task = bench.task("task-deleted", LONG)
    task.running()
    bench.server.call("tasks.delete", task=task.id, force=True)
    task.over()
    try:
        check(False, "the task is still there", task.now)
    except clearml.Refused as error:
        has("the server's answer", str(error), "400")
    bench.tasks.remove(task)


@case("a task deleted while it waits for its pod", 25)
def deleted_pending(bench):
    task = bench.task("task-deleted-pending", LONG, queue="gated")
    task.pending()
    bench.server.call("tasks.delete", task=task.id, force=True)
    task.gone()
    bench.tasks.remove(task)


@case("a failed task enqueued again runs with fresh budgets", 40)
def again_after_failure(bench):
    code = (
        'case $(wc -l < "/srv/flows/runs/$CLEARML_TASK_ID") in\n'
        "1) sleep 300 ;;\n2) exit 5 ;;\n3) sleep 300 ;;\nesac\necho fourth time lucky\n"
    )
    task = bench.task("again", code, queue="retry")
    evict_run(bench, task, 1)  # costs the only retry
    task.ends("failed", "worker execution exit code 5", runs=2)
    same("spent", task.now["runtime"]["glue_lost_after_start"], "1")
    task.enqueue("retry", force=True)
    evict_run(bench, task, 3)  # costs the only retry of the second enqueue
    task.until("completed")
    task.ends("completed", "worker execution done", runs=4, console=["fourth time lucky"])
    same("spent", task.now["runtime"]["glue_lost_after_start"], "1")


def evict_run(bench, task, number):
    eventually(lambda: f"no run {number}\n{task.story()}", lambda: task.runs >= number)
    task.until("in_progress")
    bench.cluster.evict([p for p in task.pods if p["status"]["phase"] == "Running"][-1]["metadata"]["name"])


@case("an aborted task enqueued again completes", 25)
def again_after_abort(bench):
    task = bench.task("again-after-abort", '[ $(wc -l < "/srv/flows/runs/$CLEARML_TASK_ID") = 2 ] || sleep 300\necho done\n')
    task.running()
    task.stop()
    task.ends("stopped", None, runs=1)
    task.enqueue("plain")
    task.until("completed")
    task.ends("completed", "worker execution done", runs=2)


@case("a completed task reset and enqueued again completes again", 25)
def again_after_reset(bench):
    task = bench.task("again-after-reset", "echo once more\n")
    task.ends("completed", "worker execution done", runs=1)
    bench.server.call("tasks.reset", task=task.id, force=True)
    task.enqueue("plain")
    task.until("completed")
    task.ends("completed", "worker execution done", runs=2)
