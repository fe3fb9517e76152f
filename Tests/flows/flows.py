#!/usr/bin/env python3
"""Flow tests: the real glue, agent-exec and glue-sandbox, all cases at once in one sandbox. scripts/test-flows runs this.

    flows.py [--keep FOLDER] [--list] [PART OF A TITLE …]

One line a case, then "N passed, N failed, N skipped".
"""

import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bad_input  # noqa: E402, F401
import ordinary  # noqa: E402, F401
import mishaps  # noqa: E402, F401
import operator_cases  # noqa: E402, F401
import users  # noqa: E402, F401
from bench import FINAL, Bench, Failed, Skip, check, eventually, same  # noqa: E402
from cases import CASES  # noqa: E402

# Most of a case is waiting; but each has processes of its own.
WIDTH = 10


class Score:
    """What the cases came to, and the lines that say so."""

    def __init__(self):
        self.count = {"ok": 0, "FAIL": 0, "skipped": 0}
        self._lock = threading.Lock()

    def run(self, title, body):
        started = time.monotonic()
        verdict, detail = "ok", ""
        try:
            body()
        except Skip as reason:
            verdict, detail = "skipped", str(reason)
        except Failed as failure:
            verdict, detail = "FAIL", str(failure)
        except Exception:  # A broken case is a failed one; the others go on.
            verdict, detail = "FAIL", traceback.format_exc()
        with self._lock:
            self.count[verdict] += 1
            seconds = time.monotonic() - started
            print(f"{verdict:8}{title} ({seconds:.1f} s)" + (f": {detail}" if detail else ""), flush=True)


def main_glue(bench):
    """The glue that most cases share, with a queue for each kind of pod."""
    gate = {"name": "gate", "configMap": {"name": "gate-${task.name}"}}
    gated = bench.template("gated", {"volumeMounts": [{"name": "gate", "mountPath": "/gate"}]}, volumes=[gate])
    plain = bench.template("plain")
    queues = [
        bench.served("plain", plain),
        bench.served("gpu", bench.template("gpu", {"resources": {"limits": {"nvidia.com/gpu": "1"}}}), pendingTimeout="2s"),
        bench.served("retry", plain, retries={"beforeStart": 5, "afterStart": 1}),
        bench.served("gated", gated),
        bench.served("impatient", gated, retries={"beforeStart": 1, "afterStart": 0}),
    ]
    return bench.glue("flows", queues)


def nothing_is_lost(bench):
    """After all cases: every task is final or a draft, no entry stands anywhere, nothing of ours holds on to a Job."""
    for task in bench.tasks:
        status = task.now["status"]
        check(status in FINAL | {"created"}, f"`{task.name}` is {status}", task.story())

    def held():
        return [job["metadata"]["name"] for job in bench.cluster.items("batch/v1/jobs") if job["metadata"].get("finalizers")]

    def live():
        pods = bench.cluster.items("v1/pods")
        return [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] in ("Pending", "Running")]

    # The last case may have ended with its task's status: what follows that may take a moment.
    eventually(lambda: f"Jobs that are still held: {held()}", lambda: not held(), 20)
    eventually(lambda: f"pods that still run: {live()}", lambda: not live(), 20)
    queues = bench.server.call("queues.get_all", search_hidden=True)["queues"]
    same("entries", [(queue["name"], queue["entries"]) for queue in queues if queue.get("entries")], [])


def no_crash(bench):
    """No glue ended by a signal or a trap."""
    for glue in bench.glues:
        check("Fatal error" not in glue.log, f"glue `{glue.name}` crashed", glue.log[-2000:])
        check(glue.process.returncode is None or glue.process.returncode >= 0, f"glue `{glue.name}` was killed", glue.log[-2000:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="FOLDER", help="work there, and leave everything there")
    parser.add_argument("--list", action="store_true", help="print the titles and run none")
    parser.add_argument("parts", nargs="*", help="run the cases alone whose title has one of these")
    arguments = parser.parse_args()
    chosen = [c for c in CASES if not arguments.parts or any(part in c[0] for part in arguments.parts)]
    if arguments.list:
        print("\n".join(title for title, _, _ in chosen))
        return 0
    if not chosen:
        parser.error("no case has such a title")
    programs = {name: os.path.join(os.environ["GLUE_BIN"], name) for name in ("glue", "agent-exec", "glue-sandbox")}
    programs["uv"] = os.environ.get("UV")
    folder = os.path.abspath(arguments.keep) if arguments.keep else tempfile.mkdtemp(prefix="glue-flows-")
    if arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    score = Score()
    bench = Bench(programs, folder)
    try:
        glue = main_glue(bench).ready()
        longest_first = sorted(chosen, key=lambda c: -c[1])
        with concurrent.futures.ThreadPoolExecutor(WIDTH) as pool:
            for title, _, body in longest_first:
                pool.submit(score.run, title, lambda body=body: body(bench))
        score.run("afterwards no task is lost and nothing is left open", lambda: nothing_is_lost(bench))
        score.run("SIGTERM ends the shared glue in order", glue.finish)
        score.run("no glue crashed", lambda: no_crash(bench))
    finally:
        bench.stop()
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    count = score.count
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skipped']} skipped", flush=True)
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
