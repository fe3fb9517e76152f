#!/usr/bin/env python3
"""The main job on a real Kubernetes: tasks enqueued over the ClearML API become Jobs, and end as they must.

    main_job.py SETTINGS.json           written by scripts/test-cluster
    main_job.py SETTINGS.json QUEUE     one task alone, through this queue

All tasks are enqueued at once and then judged one by one. Closes with "N passed, N failed".
"""

import json
import subprocess
import sys
import time

from clearml import Server

FINAL = {"completed", "failed", "stopped"}


class Checks:
    """Counts what held and says what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, name: str, truth: bool, evidence="") -> bool:
        if truth:
            self.passed += 1
            print(f"ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name}: {evidence}", flush=True)
        return truth


class Cluster:
    """kubectl, as the administrator."""

    def __init__(self, kubectl: str, kubeconfig: str, namespace: str):
        self.command = [kubectl, "--kubeconfig", kubeconfig, "-n", namespace]

    def items(self, kind: str, selector: str) -> list[dict]:
        output = subprocess.run(
            [*self.command, "get", kind, "-l", selector, "-o", "json"], check=True, capture_output=True, timeout=60
        ).stdout
        return json.loads(output)["items"]

    def jobs(self, task: str) -> list[dict]:
        return self.items("jobs", f"clearml-task-id={task}")

    def pods(self, task: str) -> list[dict]:
        return self.items("pods", f"clearml-task-id={task}")


HELLO = """
import os, sys
print("who is one:", open("/proc/1/cmdline").read().split(chr(0))[0])
print("task:", os.environ["CLEARML_TASK_ID"])
print("hello from", sys.version.split()[0])
"""
EXIT_3 = """
import sys
print("about to give up")
sys.exit(3)
"""
EATS_MEMORY = """
print("eating", flush=True)
hoard = bytearray(200 << 20)
for i in range(0, len(hoard), 4096):
    hoard[i] = 1
print("still here")
"""
SLEEPS = """
import time
print("sleeping", flush=True)
time.sleep(600)
"""


class MainJob:
    """The scenarios; each method ends in checks."""

    def __init__(self, settings: dict):
        self.server = Server(settings["clearml"], settings["access_key"], settings["secret_key"])
        self.cluster = Cluster(settings["kubectl"], settings["kubeconfig"], settings["namespace"])
        self.image, self.missing = settings["image"], settings["missing_image"]
        self.checks = Checks()
        self.tasks: dict[str, str] = {}
        self.started = time.monotonic()

    def enqueue(self, name: str, code: str, image: str | None = None, queue: str = "cpu") -> None:
        task = self.server.script_task(name, code, image or self.image)
        self.server.call("tasks.enqueue", task=task, queue=self.server.queue(queue))
        self.tasks[name] = task

    def ended(self, name: str, status: str, *words: str, seconds: float = 120) -> dict:
        """Waits for the end of a task, and checks its status and that its reason or message holds each of the words."""
        record = self.server.wait(self.tasks[name], FINAL, seconds)
        said = f"{record.get('status_reason', '')} / {record.get('status_message', '')}"
        after = time.monotonic() - self.started
        seen = f"{record['status']} after {after:.0f} s: {said}"
        print(f"      {name}: {seen}", flush=True)
        if not self.checks.that(f"{name}: {status}", record["status"] == status, seen):
            print(self.server.console(self.tasks[name])[-3000:], flush=True)
        for word in words:
            self.checks.that(f"{name}: the reason names {word}", word.lower() in said.lower(), said)
        return record

    def console_holds(self, name: str, text: str) -> None:
        console = self.server.console(self.tasks[name])
        self.checks.that(f"{name}: the console holds `{text}`", text in console, console[-2000:])

    def enqueue_all(self) -> None:
        self.enqueue("hello", HELLO)
        self.enqueue("exit 3", EXIT_3)
        self.enqueue("out of memory", EATS_MEMORY, queue="small")
        self.enqueue("image missing", HELLO, image=self.missing)
        self.enqueue("aborted", SLEEPS)

    def abort_while_running(self) -> None:
        task = self.tasks["aborted"]
        deadline = time.monotonic() + 120
        while "sleeping" not in self.server.console(task) and time.monotonic() < deadline:
            time.sleep(0.5)
        record = self.server.task(task)
        self.checks.that("aborted: was running before", record["status"] == "in_progress", record["status"])
        jobs = self.cluster.jobs(task)
        self.checks.that("aborted: kubectl shows one Job while it runs", len(jobs) == 1, [j["metadata"]["name"] for j in jobs])
        pods = self.cluster.pods(task)
        self.checks.that("aborted: and one pod that runs", [p["status"]["phase"] for p in pods] == ["Running"], len(pods))
        self.server.call("tasks.stop", task=task)
        self.ended("aborted", "stopped", seconds=60)

    def judge_all(self) -> None:
        self.ended("hello", "completed")
        self.console_holds("hello", "who is one: /opt/glue/bin/agent-exec")
        self.console_holds("hello", "task: " + self.tasks["hello"])
        self.console_holds("hello", "hello from 3.11")
        self.ended("exit 3", "failed", "3")
        self.console_holds("exit 3", "about to give up")
        self.ended("out of memory", "failed", "memory")
        self.console_holds("out of memory", "eating")
        self.ended("image missing", "failed", "image", self.missing)
        self.abort_while_running()

    def one_through(self, queue: str) -> None:
        self.enqueue("alone", HELLO, queue=queue)
        self.ended("alone", "completed")
        self.console_holds("alone", "hello from 3.11")

    def nothing_is_left(self) -> None:
        """Every task is in no queue, and no Job waits with a finalizer for an acknowledgement that was given."""
        for queue in self.server.call("queues.get_all", search_hidden=True)["queues"]:
            self.checks.that(f"queue {queue['name']} is empty", not queue.get("entries"), queue.get("entries"))
        deadline = time.monotonic() + 60
        while (held := self.held_jobs()) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.checks.that("no Job holds a finalizer of ours", not held, held)
        for name, task in self.tasks.items():
            running = [p["metadata"]["name"] for p in self.cluster.pods(task) if p["status"]["phase"] in ("Pending", "Running")]
            self.checks.that(f"{name}: no pod of it runs", not running, running)
            jobs = [job["metadata"]["name"] for job in self.cluster.jobs(task)]
            self.checks.that(f"{name}: at most one Job was made", len(jobs) <= 1, jobs)

    def held_jobs(self) -> list[str]:
        jobs = self.cluster.items("jobs", "glue.clearml/instance")
        return [job["metadata"]["name"] for job in jobs if job["metadata"].get("finalizers")]


def main() -> int:
    with open(sys.argv[1]) as file:
        job = MainJob(json.load(file))
    if len(sys.argv) > 2:
        job.one_through(sys.argv[2])
    else:
        job.enqueue_all()
        job.judge_all()
    job.nothing_is_left()
    print(f"{job.checks.passed} passed, {job.checks.failed} failed", flush=True)
    return 1 if job.checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
