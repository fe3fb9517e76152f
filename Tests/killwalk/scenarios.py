"""Rounds with more in them than kills: delayed requests, twin executors, Jobs removed by hand, stale views.

Plain kills are healed by recovery, often enough even where one of the claim's safeguards is missing. Each scenario here
makes the very situation that one safeguard is for; `mutants.py` proves it by taking the safeguard out.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

from lane import Failure
from proxy import StaleWatch, Strike

JOBS = "/apis/batch/v1/namespaces/default/jobs"

# The executor's writes at its start gate, and how each is disturbed.
GATE = [
    ("queues.remove_task", "before", False),
    ("queues.remove_task", "after-commit", False),
    ("tasks.dequeue in_progress", "before", False),
    ("tasks.dequeue in_progress", "before", True),
    ("tasks.dequeue in_progress", "after-commit", False),
]


def scenarios():
    """All of them: a title, and what to do with a lane."""
    found = []
    for kind, position, lost in GATE:
        how = "delayed, then lost" if lost else "delayed" if position == "before" else "answered late"
        found.append((f"twin executor, {kind} {how}", _with(twin_executor, kind, position, lost)))
    return found + [
        ("Job removed by hand before it was let go", job_removed_before_release),
        ("Job deleted by hand after its executor died", job_deleted_after_death),
        ("a pop that comes late", late_pop),
        ("a stale view of a Job that was let go", stale_view),
        ("two glues, one queue", two_glues),
        ("a finished Job of that very name", finished_job),
    ]


def _with(function, *arguments):
    return lambda lane: function(lane, *arguments)


async def until(what, condition, within=20):
    """Waits for `condition` (a coroutine function or a plain one), and says what did not come."""
    end = time.monotonic() + within
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"not within {within} s: {what}")
        await asyncio.sleep(0.05)


async def completed_once(lane, *tasks):
    await lane.settled(tasks)
    for task in tasks:
        found, runs = await lane.task(task), lane.runs(task)
        if runs > 1:
            raise Failure(f"task {task} ran {runs} times")
        if found["status"] != "completed":
            raise Failure(f"task {task} is {found['status']} ({found.get('status_message')}) although only glue was hit")
        if runs != 1:
            raise Failure(f"task {task} is completed and has not run")


# --- executors ----------------------------------------------------------------------------------------------------


async def twin_executor(lane, kind, position, lost):
    """A second executor of the same Job while the first hangs at its start gate: one of them runs the task, or none."""
    strike = Strike("agent-exec", kind, 1, position, signal=signal.SIGSTOP, lost=lost)
    lane.clearml.strikes.append(strike)
    await lane.fresh_glue()
    task = await lane.enqueue("twins", seconds=3)
    await until(f"an executor at {kind}", lambda: strike.victim)
    folder = tempfile.mkdtemp(prefix="twin-", dir=lane.folder)
    try:
        twin = _start_twin(lane, strike.victim, folder)
        try:
            # As long as the twin runs the task, the first must not end: both are the same pod to glue.
            await until(
                "the end of the second executor",
                lambda: twin.poll() is not None or lost and lane.runs(task) > 0, 40)
            strike.release()
            await until("the end of the second executor", lambda: twin.poll() is not None, 40)
        finally:
            strike.release()
            if twin.poll() is None:
                twin.kill()
            twin.wait()
        await lane.settled([task])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if lane.runs(task) > 1:
        raise Failure(f"task {task} ran {lane.runs(task)} times")
    await completed_once(lane, task)


def _start_twin(lane, pid, folder):
    with open(f"/proc/{pid}/environ", "rb") as file:
        pairs = [pair.partition(b"=") for pair in file.read().split(b"\0") if pair]
    environment = {key.decode(): value.decode() for key, _, value in pairs}
    environment["GLUE_VERDICT_PATH"] = os.path.join(folder, "verdict")
    environment["GLUE_WORKSPACE"] = os.path.join(folder, "workspace")
    environment.setdefault("PATH", os.environ["PATH"])
    with open(os.path.join(folder, "..", "twin.log"), "ab") as log:
        return subprocess.Popen(
            [lane.programs["agent-exec"], "run"], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log)


# --- Jobs removed by hand -----------------------------------------------------------------------------------------


async def job_removed_before_release(lane):
    """glue dies with the token in the pending queue, and somebody removes the held Job with force: the task is ours by
    its claim, and goes back to its queue."""
    strike = Strike("glue", "queues.add_task", 1, "after-commit")
    lane.clearml.strikes.append(strike)
    await lane.fresh_glue()
    task = await lane.enqueue("job removed")
    await until("glue's death", lambda: strike.victim and not lane.living())
    job = await the_job(lane, task)
    name = job["metadata"]["name"]
    await lane.kubernetes("PATCH", f"{JOBS}/{name}", {"metadata": {"finalizers": None}})
    await lane.kubernetes("DELETE", f"{JOBS}/{name}", {"propagationPolicy": "Background"})
    await until("the Job's end", lambda: gone(lane, task))
    lane.start_glue()
    await completed_once(lane, task)


async def job_deleted_after_death(lane):
    """The executor dies without a verdict, glue before it has said so, and somebody deletes the Job: the finalizer keeps
    the evidence until the task has it."""
    death = Strike("agent-exec", "tasks.edit_runtime glue_phase", 1, "after-reply")
    report = Strike("glue", "tasks.failed", 1, "before")
    lane.clearml.strikes += [death, report]
    await lane.fresh_glue()
    task = await lane.enqueue("job deleted", seconds=5)
    await until("glue's death at its report", lambda: report.victim and not lane.living(), 40)
    job = await the_job(lane, task)
    await lane.kubernetes("DELETE", f"{JOBS}/{job['metadata']['name']}", {"propagationPolicy": "Background"})
    lane.start_glue()
    await lane.settled([task])
    found = await lane.task(task)
    if found["status"] != "failed" or "137" not in (found.get("status_message") or ""):
        raise Failure(
            f"task {task} is {found['status']} ({found.get('status_message')}): the exit code 137 was lost with its Job")
    if lane.runs(task) > 1:
        raise Failure(f"task {task} ran {lane.runs(task)} times")


# --- two glues ----------------------------------------------------------------------------------------------------


async def late_pop(lane):
    """One glue stops before its pop is on the way, another does the whole claim: the first has lost, and the Job that it
    made is the one that runs."""
    strike = Strike("glue", "queues.remove_task", 1, "before", signal=signal.SIGSTOP)
    lane.clearml.strikes.append(strike)
    await lane.fresh_glue()
    task = await lane.enqueue("late pop", seconds=5)
    await until("glue at its pop", lambda: strike.victim)
    try:
        lane.start_glue()
        await until("the task's start under the other glue", lambda: lane.runs(task) > 0, 30)
    finally:
        strike.release()
    await completed_once(lane, task)


async def stale_view(lane):
    """glue's watch of Jobs falls silent while the Job is still held in it: what glue would do to a held Job of a task
    that runs must not meet the Job as it is."""
    await lane.fresh_glue()
    task = await lane.create("stale view", seconds=5)
    lane.kube.stale = stale = StaleWatch(lane.living()[0].pid, f"GET {JOBS}", task.encode())
    try:
        await lane.queue_up(task)
        await until("the task's start", lambda: lane.runs(task) > 0, 30)
        if not stale.seen:
            raise Failure("the watch has not shown the Job")
        deletions = f"DELETE {JOBS}/NAME"
        await until(
            "glue's try to drop the Job that it believes held",
            lambda: any(e.kind == deletions for e in lane.kube.exchanges[:]), 4)
    finally:
        stale.fresh.set()
        lane.kube.stale = None
    await completed_once(lane, task)


async def two_glues(lane):
    """Two glues from the start, each seeing every entry: every task runs once."""
    await lane.fresh_glue()
    lane.start_glue()
    tasks = [await lane.enqueue(f"two glues {number}", seconds=1) for number in range(4)]
    await completed_once(lane, *tasks)


# --- a Job that is no claim ---------------------------------------------------------------------------------------


async def finished_job(lane):
    """A Job of the claim's own name that has ended can never run the task: it is not adopted, and the task waits."""
    await lane.fresh_glue()
    model = await lane.enqueue("the model")
    await completed_once(lane, model)
    like = await the_job(lane, model)
    await lane.stop_glues()
    await lane.clean()
    task = await lane.enqueue("finished Job")
    queues = await lane.api("queues.get_all", {"id": [lane.queue]})
    added = next(entry["added"] for entry in queues["queues"][0]["entries"] if entry["task"] == task)
    job = _ended_job(like["metadata"], model, task, lane.queue, added)
    name = job["metadata"]["name"]
    await lane.kubernetes("POST", JOBS, job)
    await until("the end of the prepared Job", lambda: _is_complete(lane, name))
    lane.start_glue()
    # Several turns of the intake: the entry stays where it is.
    await asyncio.sleep(2)
    found = await lane.task(task)
    if found["status"] != "queued" or "glue_claim" in found.get("runtime", {}):
        raise Failure(f"a finished Job was adopted: {found}")
    await lane.kubernetes("DELETE", f"{JOBS}/{name}", {"propagationPolicy": "Background"})
    await completed_once(lane, task)
    found = await lane.task(task)
    if found["runtime"].get("glue_attempt") != "1":
        raise Failure(f"a finished Job was adopted: the task took attempt {found['runtime'].get('glue_attempt')}")


def _ended_job(like, model, task, queue, added):
    """A Job as glue would make it for this entry, whose pod ends at once. How a name is made is proven on the model."""

    def name(task, queue, added):
        return f"clearml-id-{task}-{hashlib.sha256(f'{queue} {added}'.encode()).hexdigest()[:6]}-1"

    marks = dict(like["annotations"])
    if like["name"] != name(model, marks["glue.clearml/origin-queue"], marks["glue.clearml/origin-added"]):
        raise Failure(f"glue names its Jobs differently: {like['name']}")
    own = name(task, queue, added)
    marks["glue.clearml/origin-added"] = added
    labels = {key: value for key, value in like["labels"].items() if key.startswith(("glue.", "clearml-"))}
    labels["clearml-task-id"] = task
    labels["glue.clearml/enqueue"] = own.split("-")[-2]
    container = {"name": "task", "image": "sandbox.local/host:1", "command": ["/bin/true"]}
    return {
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": own, "labels": labels, "annotations": marks},
        "spec": {
            "backoffLimit": 0,
            "template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }


async def _is_complete(lane, name):
    job = await lane.kubernetes("GET", f"{JOBS}/{name}")
    return any(c["type"] == "Complete" and c["status"] == "True" for c in job.get("status", {}).get("conditions", []))


async def jobs_of(lane, task):
    found = await lane.kubernetes("GET", f"{JOBS}?labelSelector=clearml-task-id%3D{task}")
    return found["items"]


async def the_job(lane, task):
    jobs = await jobs_of(lane, task)
    if len(jobs) != 1:
        raise Failure(f"task {task} has {len(jobs)} Jobs")
    return jobs[0]


async def gone(lane, task):
    return not await jobs_of(lane, task)
