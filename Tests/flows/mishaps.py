"""What happens to pods and Jobs behind glue's back, and what becomes of their tasks."""

import time

from bench import NAMESPACE, check, eventually, same
from cases import case

# Runs for as long as it takes to be seen, unless it is a later attempt: that one ends at once.
ONE_LONG_RUN = 'if [ $(wc -l < "/srv/flows/runs/$CLEARML_TASK_ID") -gt 1 ]; then echo "second run ends"; exit 0; fi\necho up\nsleep 300\n'
DELETED = "the pod was deleted by someone outside glue"


@case("a pod deleted before it starts: the next attempt runs", 20)
def pod_deleted_before(bench):
    task = bench.task("deleted-before", "echo through the gate\n", queue="gated")
    bench.cluster.pod("DELETE", task.pending())
    eventually(lambda: f"no second attempt\n{task.story()}", lambda: "2" in [job[0] for job in task.left()["jobs"]])
    bench.cluster.open_gate(task.name)
    task.ends(
        "completed", "worker execution done", runs=1, console=["attempt 1 was lost", "attempt 2 follows", "through the gate"]
    )
    same("runtime", {k: task.now["runtime"].get(k) for k in ("glue_attempt", "glue_lost_before_start")},
         {"glue_attempt": "2", "glue_lost_before_start": "1"})


@case("a pod evicted before it starts: the next attempt runs", 20)
def evicted_before(bench):
    task = bench.task("evicted-before", "echo through the gate\n", queue="gated")
    bench.cluster.evict(task.pending())
    eventually(lambda: f"no second attempt\n{task.story()}", lambda: "2" in [job[0] for job in task.left()["jobs"]])
    bench.cluster.open_gate(task.name)
    task.ends("completed", "worker execution done", runs=1, console=["attempt 1 was lost: evicted", "through the gate"])


@case("pods deleted before they start, until the budget is spent", 30)
def budget_before(bench):
    task = bench.task("budget-before", "echo never\n", queue="impatient")
    first = task.pending()
    bench.cluster.pod("DELETE", first)
    second = eventually(lambda: f"no second pod\n{task.story()}", lambda: [
        p["metadata"]["name"] for p in task.pods if p["metadata"]["name"] != first and p["spec"].get("nodeName")
    ])[0]
    bench.cluster.pod("DELETE", second)
    task.ends(
        "failed", "deleted", DELETED + " before it ran", runs=0,
        console=["attempt 1 was lost: deleted: " + DELETED, "attempt 2 follows"],
    )


@case("a pod deleted while it runs: the task fails, with the reason", 20)
def pod_deleted(bench):
    task = bench.task("deleted-running", ONE_LONG_RUN)
    bench.cluster.pod("DELETE", task.running())
    task.ends("failed", "deleted", DELETED, "enqueue the task again", jobs=[("1", "Failed", "free")], runs=1, console=["up", DELETED])


@case("a pod deleted while it runs, with a retry after start: the second attempt completes", 20)
def pod_deleted_retry(bench):
    task = bench.task("deleted-retried", ONE_LONG_RUN, queue="retry")
    bench.cluster.pod("DELETE", task.running())
    task.ends(
        "completed", "worker execution done", runs=2,
        console=["attempt 1 was lost: deleted: " + DELETED, "attempt 2 follows", "second run ends"],
    )
    same("spent", task.now["runtime"]["glue_lost_after_start"], "1")


@case("eviction through the API, no budget: failed as evicted", 20)
def evicted(bench):
    task = bench.task("evicted", ONE_LONG_RUN)
    bench.cluster.evict(task.running())
    task.ends("failed", "evicted", "the pod was evicted through the API", jobs=[("1", "Failed", "free")], runs=1)


@case("eviction through the API, one retry: the second attempt completes", 20)
def evicted_retry(bench):
    task = bench.task("evicted-retried", ONE_LONG_RUN, queue="retry")
    bench.cluster.evict(task.running())
    task.ends(
        "completed", "worker execution done", runs=2,
        console=["attempt 1 was lost: evicted: the pod was evicted through the API", "second run ends"],
    )


@case("the retry budget is spent once: a second eviction fails the task", 25)
def evicted_twice(bench):
    task = bench.task("evicted-twice", "echo up\nsleep 300\n", queue="retry")
    first = task.running()
    bench.cluster.evict(first)
    eventually(lambda: f"no second run\n{task.story()}", lambda: task.runs == 2)
    running = eventually("no second pod", lambda: [
        p["metadata"]["name"] for p in task.pods if p["metadata"]["name"] != first and p["status"]["phase"] == "Running"
    ])
    task.until("in_progress")
    bench.cluster.evict(running[0])
    task.ends("failed", "evicted", "the pod was evicted through the API", runs=2)


@case("eviction by the node", 20)
def evicted_by_node(bench):
    task = bench.task("evicted-by-node", ONE_LONG_RUN)
    pod = task.running()
    bench.cluster.call("POST", f"/_sandbox/pods/{NAMESPACE}/{pod}/evict", {"message": "The node was low on resource: memory."})
    task.ends("failed", "evicted", "the node evicted the pod", "low on resource: memory", runs=1)


@case("a pod that vanishes unseen: no second attempt, whatever the budget", 20)
def lost(bench):
    task = bench.task("lost", ONE_LONG_RUN, queue="retry")
    pod = task.running()
    # Without the finalizer by which the Job controller would hold on to it, the pod is gone at once.
    bench.cluster.pod("PATCH", pod, body={"metadata": {"finalizers": None}})
    bench.cluster.call("POST", f"/_sandbox/pods/{NAMESPACE}/{pod}/lose")
    task.ends("failed", "deleted", DELETED, runs=1)
    time.sleep(2)
    same("runs", task.runs, 1)


@case("a Job deleted by hand before its pod starts: the next attempt runs", 20)
def job_deleted_pending(bench):
    task = bench.task("job-deleted-pending", "echo through the gate\n", queue="gated")
    task.pending()
    delete_job(bench, task)
    bench.cluster.open_gate(task.name)
    task.ends("completed", "worker execution done", console=["through the gate"], runs=1)
    check(task.jobs and task.jobs[-1]["metadata"]["labels"]["glue.clearml/attempt"] in "12", "no Job of an attempt is left")


@case("a Job deleted by hand while its pod runs: the task fails, with the reason", 20)
def job_deleted(bench):
    task = bench.task("job-deleted", ONE_LONG_RUN)
    task.running()
    delete_job(bench, task)
    task.ends("failed", "deleted", DELETED, runs=1)
    task.gone()


def delete_job(bench, task):
    name = task.jobs[0]["metadata"]["name"]
    bench.cluster.call("DELETE", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{name}", {"propagationPolicy": "Background"})
