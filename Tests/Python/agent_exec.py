#!/usr/bin/env python3
"""The real agent-exec against a running sandbox. scripts/test-agent-exec runs this.

The tests play glue's part: they claim a task as glue does, start the executor, and look at the task, its console and
the verdict afterwards.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "EndToEnd"))

import clearml  # noqa: E402
import sandbox as sandboxes  # noqa: E402

PROGRAM = os.environ["AGENT_EXEC"]
SDK = os.environ.get("SDK_PYTHON")
INSTANCE = "flowtest"

sandbox = sandboxes.Sandbox()
server = clearml.Server(sandbox.ready["clearmlURL"], sandbox.ready["accessKey"], sandbox.ready["secretKey"])


class Attempt:
    """One task, claimed as glue claims it; `start` is the pod."""

    def __init__(self, script: dict, attempt: int = 1, claim: bool = True, token: bool = True) -> None:
        self.folder = tempfile.mkdtemp(prefix="agent-exec-", dir=sandbox.home)
        self.verdict_path = os.path.join(self.folder, "verdict")
        self.job = os.path.basename(self.folder)
        self.attempt = attempt
        self.pending = server.queue("k8s:flow/test")
        origin = server.queue("flow origin")
        script = {"repository": "", "working_dir": ".", "entry_point": "main.sh", "binary": "/bin/sh", **script}
        self.task = server.call("tasks.create", name="flow task", type="training", script=script)["id"]
        server.call("tasks.enqueue", task=self.task, queue=origin)
        server.call("queues.remove_task", queue=origin, task=self.task)
        if claim:
            self.claim(f"{INSTANCE}/{self.job}/{attempt}")
        if token:
            server.call("queues.add_task", queue=self.pending, task=self.task, update_execution_queue=True)

    def claim(self, text: str) -> None:
        server.call("tasks.edit_runtime", task=self.task, add_or_update={"glue_claim": text})

    def environment(self, pod: str = "pod-1", **more: str) -> dict:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": self.folder,
            "TMPDIR": tempfile.mkdtemp(dir=self.folder),
            "CLEARML_API_HOST": sandbox.ready["clearmlURL"],
            "CLEARML_API_ACCESS_KEY": sandbox.ready["accessKey"],
            "CLEARML_API_SECRET_KEY": sandbox.ready["secretKey"],
            "CLEARML_WORKER_ID": f"flow:{self.job}",
            "GLUE_TASK_ID": self.task,
            "GLUE_INSTANCE": INSTANCE,
            "GLUE_JOB_UID": self.job,
            "GLUE_ATTEMPT": str(self.attempt),
            "GLUE_PENDING_QUEUE": self.pending,
            "GLUE_POD_UID": pod,
            "GLUE_POD_NAME": pod,
            "GLUE_GRACE_SECONDS": "6",
            "GLUE_POLL_SECONDS": "0.2",
            "GLUE_REPORT_SECONDS": "20",
            "GLUE_VERDICT_PATH": self.verdict_path,
            **more,
        }

    def start(self, *prefix: str, **more: str) -> subprocess.Popen:
        log = open(os.path.join(self.folder, "pod.log"), "ab")
        with log:
            return subprocess.Popen(
                [*prefix, PROGRAM, "run"], env=self.environment(**more), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def run(self, *prefix: str, seconds: float = 60, **more: str) -> int:
        return self.start(*prefix, **more).wait(seconds)

    @property
    def verdict(self) -> dict:
        with open(self.verdict_path) as file:
            return json.load(file)

    @property
    def log(self) -> str:
        with open(os.path.join(self.folder, "pod.log"), errors="replace") as file:
            return file.read()

    @property
    def now(self) -> dict:
        return server.task(self.task)

    @property
    def console(self) -> str:
        events = server.call("events.get_task_log", task=self.task, batch_size=5000)["events"]
        return "\n".join(event["msg"] for event in sorted(events, key=lambda event: event["timestamp"])) + "\n"

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)


def shell(code: str) -> dict:
    return {"diff": code}


def faults(*rules: dict) -> None:
    """Sets the sandbox's faults; none clears them."""
    url = sandbox.ready["clearmlURL"] + "/_sandbox/faults"
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=10).read()
    if rules:
        body = json.dumps([{"api": "clearml", **rule} for rule in rules]).encode()
        urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=10).read()


def wait_for_file(path: str, seconds: float = 30) -> None:
    sandboxes.wait_for(path, lambda: os.path.exists(path), seconds)


class MainJob(unittest.TestCase):
    def test_a_script_completes(self) -> None:
        attempt = Attempt(shell("echo hello from $CLEARML_TASK_ID\n"))
        self.assertEqual(attempt.run(), 0, attempt.log)
        task = attempt.now
        self.assertEqual((task["status"], task["status_reason"]), ("completed", "worker execution done"))
        self.assertIn(f"hello from {attempt.task}", attempt.console)
        self.assertIn("hello from", attempt.log)
        verdict = attempt.verdict
        self.assertEqual((verdict["outcome"], verdict["reported"], verdict["exit"]), ("completed", True, 0))
        self.assertEqual(task["runtime"]["glue_phase"], f"{INSTANCE}/{attempt.job}/1 run")
        self.assertEqual(task["runtime"]["glue_pod_uid"], f"{INSTANCE}/{attempt.job}/1 pod-1")
        self.assertEqual(server.call("queues.get_num_entries", queue=attempt.pending)["num"], 0)

    def test_a_script_fails(self) -> None:
        attempt = Attempt(shell("echo going down >&2\nexit 7\n"))
        self.assertEqual(attempt.run(), 7)
        task = attempt.now
        self.assertEqual((task["status"], task["status_reason"]), ("failed", "worker execution exit code 7"))
        self.assertIn("going down", attempt.console)
        self.assertEqual((attempt.verdict["outcome"], attempt.verdict["reported"]), ("failed", True))

    def test_an_abort(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"trap 'echo bye; exit 0' TERM\ntouch {attempt.path('up')}\nwhile :; do sleep 0.1; done\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        started = time.monotonic()
        server.call("tasks.stop", task=attempt.task)
        self.assertEqual(attempt.now["status"], "in_progress", "an abort of a live worker's task is the worker's to carry out")
        self.assertEqual(pod.wait(30), 0)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual((attempt.now["status"], attempt.now["status_reason"]), ("stopped", "task was stopped by tasks.stop"))
        self.assertIn("bye", attempt.console)
        self.assertEqual((attempt.verdict["outcome"], attempt.verdict["reported"]), ("stopped", True))

    def test_a_reset_lets_the_task_go(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"touch {attempt.path('up')}\nexec sleep 1000\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        server.call("tasks.reset", task=attempt.task, force=True)
        self.assertEqual(pod.wait(30), 68)
        self.assertEqual(attempt.now["status"], "created")
        self.assertEqual(attempt.verdict["outcome"], "not-ours")

    def test_a_deleted_task_is_let_go(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"touch {attempt.path('up')}\nexec sleep 1000\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        server.call("tasks.delete", task=attempt.task, force=True)
        self.assertEqual(pod.wait(30), 68)
        self.assertEqual(attempt.verdict["outcome"], "not-ours")

    def test_a_terminated_pod_runs_again(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"trap 'echo saved; exit 0' TERM\ntouch {attempt.path('up')}\nwhile :; do sleep 0.1; done\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        pod.send_signal(signal.SIGTERM)
        self.assertEqual(pod.wait(10), 75)
        self.assertEqual(attempt.now["status"], "in_progress")
        self.assertIn("saved", attempt.console)
        self.assertEqual((attempt.verdict["outcome"], attempt.verdict["reported"]), ("run-again", False))

    def test_a_child_that_ignores_its_term_is_killed_within_the_grace(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"trap '' TERM\ntouch {attempt.path('up')}\nwhile :; do sleep 0.1; done\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        started = time.monotonic()
        pod.send_signal(signal.SIGTERM)
        self.assertEqual(pod.wait(10), 75)
        self.assertLess(time.monotonic() - started, 6, "the kubelet kills after six seconds")
        self.assertEqual(attempt.verdict["signal"], 9)

    def test_a_server_that_hangs_at_the_end_costs_no_verdict(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"touch {attempt.path('up')}\nsleep 0.5\nexit 3\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("up"))
        sandbox._process.send_signal(signal.SIGSTOP)
        try:
            wait_for_file(attempt.verdict_path)
            self.assertEqual((attempt.verdict["outcome"], attempt.verdict["reported"]), ("failed", False), "already, should it be killed now")
            started = time.monotonic()
            pod.send_signal(signal.SIGTERM)
            self.assertEqual(pod.wait(10), 3)
            self.assertLess(time.monotonic() - started, 6, "the kubelet kills after six seconds")
        finally:
            sandbox._process.send_signal(signal.SIGCONT)
        self.assertEqual((attempt.verdict["exit"], attempt.verdict["reported"]), (3, False))
        self.assertIn("did not reach the server", attempt.verdict["cause"])

    def test_a_full_disk_is_named(self) -> None:
        attempt = Attempt(shell("# " + "x" * 500_000 + "\necho never\n"))
        small = 'mount -t tmpfs -o size=200k none "$TMPDIR" && exec "$0" "$@"'
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace can be made here")
        self.assertEqual(attempt.run("unshare", "--mount", "/bin/sh", "-c", small), 71)
        self.assertEqual((attempt.now["status"], attempt.now["status_reason"]), ("failed", "no space left on the disk for the script"))
        self.assertIn("ephemeral storage", attempt.console)

    def test_a_killed_executor_takes_its_child_along(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"echo $$ > {attempt.path('pid')}.new\nmv {attempt.path('pid')}.new {attempt.path('pid')}\nexec sleep 1000\n"})
        pod = attempt.start()
        wait_for_file(attempt.path("pid"))
        with open(attempt.path("pid")) as file:
            child = int(file.read())
        pod.kill()
        pod.wait(5)
        sandboxes.wait_for("the child's end", lambda: not alive(child), 5)

    def test_many_lines_arrive_in_order(self) -> None:
        attempt = Attempt(shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done\n"))
        self.assertEqual(attempt.run(), 0, attempt.log[-2000:])
        numbers = [int(line.split()[1]) for line in attempt.console.split("\n") if line.startswith("line ")]
        self.assertEqual(numbers, list(range(20000)))

    @unittest.skipUnless(SDK, "no Python with the SDK")
    def test_the_real_sdk(self) -> None:
        code = (
            "from clearml import Task\n"
            "task = Task.init(project_name='flow', task_name='sdk', auto_resource_monitoring=False)\n"
            "print('running as', task.id)\n"
            "for step in range(3):\n"
            "    task.get_logger().report_scalar('loss', 'train', value=1.0 / (step + 1), iteration=step)\n"
            "task.upload_artifact('result', {'a': 1}, wait_on_upload=True)\n"
        )
        attempt = Attempt({"diff": code, "binary": "python3", "entry_point": "main.py"})
        environment = {"CLEARML_AGENT_SKIP_PIP_VENV_INSTALL": SDK, "CLEARML_FILES_HOST": sandbox.ready["environment"]["CLEARML_FILES_HOST"]}
        self.assertEqual(attempt.run(seconds=120, **environment), 0, attempt.log)
        self.assertEqual(attempt.now["status"], "completed", attempt.log)
        self.assertEqual(attempt.console.count(f"running as {attempt.task}"), 1, attempt.console)
        curves = server.call("events.scalar_metrics_iter_histogram", task=attempt.task)
        self.assertEqual(len(curves["loss"]["train"]["y"]), 3)
        self.assertEqual([artifact["key"] for artifact in attempt.now["execution"]["artifacts"]], ["result"])
        self.assertEqual(attempt.now["runtime"]["glue_claim"], f"{INSTANCE}/{attempt.job}/1", "the SDK keeps the claim")


class StartGate(unittest.TestCase):
    def tearDown(self) -> None:
        faults()

    def test_of_many_executors_of_one_attempt_one_runs(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"echo once >> {attempt.path('ran')}\n"})
        pods = [attempt.start(pod=f"pod-{number}", GLUE_VERDICT_PATH=attempt.path(f"verdict-{number}")) for number in range(8)]
        codes = sorted(pod.wait(60) for pod in pods)
        self.assertEqual(codes, [0] + [68] * 7)
        with open(attempt.path("ran")) as file:
            self.assertEqual(file.read(), "once\n")
        self.assertEqual(attempt.now["status"], "completed")

    def test_a_container_that_starts_again_does_not_run_again(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"echo once >> {attempt.path('ran')}\nkill -9 $PPID\nsleep 10\n"})
        self.assertEqual(attempt.run(), -9)
        self.assertEqual(attempt.run(), 68)
        self.assertEqual(attempt.now["status"], "in_progress")
        with open(attempt.path("ran")) as file:
            self.assertEqual(file.read(), "once\n")

    def test_without_claim_or_token_nothing_is_touched(self) -> None:
        for attempt in [Attempt(shell("echo x"), token=False), Attempt(shell("echo x"))]:
            if server.call("queues.get_num_entries", queue=attempt.pending)["num"]:
                attempt.claim(f"{INSTANCE}/another/1")
            before = attempt.now
            self.assertEqual(attempt.run(), 68)
            self.assertEqual(attempt.now, before)
            self.assertEqual(attempt.verdict["outcome"], "not-ours")
            server.call("queues.clear_queue", queue=attempt.pending)

    def test_a_lost_reply_to_the_take_is_no_win(self) -> None:
        attempt = Attempt({})
        server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"touch {attempt.path('ran')}\n"})
        faults({"contains": "queues.remove_task", "effect": "drop-after", "count": 1})
        self.assertEqual(attempt.run(), 68)
        self.assertEqual(attempt.verdict["outcome"], "gate-unknown")
        self.assertEqual(attempt.now["status"], "queued")
        self.assertFalse(os.path.exists(attempt.path("ran")))

    def test_other_lost_replies_are_survived(self) -> None:
        for action in ["tasks.dequeue", "tasks.edit_runtime", "tasks.started", "tasks.get_by_id", "tasks.completed", "auth.login"]:
            with self.subTest(action):
                attempt = Attempt({})
                server.call("tasks.edit", task=attempt.task, force=True, script={"diff": f"echo once >> {attempt.path('ran')}\n"})
                faults({"contains": action, "effect": "drop-after", "count": 1})
                self.assertEqual(attempt.run(), 0, attempt.log)
                faults()
                self.assertEqual(attempt.now["status"], "completed")
                self.assertTrue(attempt.verdict["reported"])
                with open(attempt.path("ran")) as file:
                    self.assertEqual(file.read(), "once\n")

    def test_a_server_in_trouble_is_waited_for(self) -> None:
        attempt = Attempt(shell("echo line 1; sleep 1; echo line 2\n"))
        faults({"probability": 0.4, "seed": 7, "effect": "status", "status": 503})
        code = attempt.run()
        faults()
        verdict = attempt.verdict
        if verdict["outcome"] == "gate-unknown":
            self.assertEqual(code, 68)  # the take itself was hit: nobody may guess
            return
        self.assertEqual(code, 0, attempt.log)
        self.assertEqual(attempt.now["status"], "completed")
        self.assertIn("line 1\nline 2\n", attempt.console)


class BadInput(unittest.TestCase):
    def test_wrong_keys(self) -> None:
        attempt = Attempt(shell("echo x"))
        self.assertEqual(attempt.run(CLEARML_API_SECRET_KEY="wrong"), 69)
        self.assertIn("CLEARML_API_SECRET_KEY", attempt.verdict["cause"])
        self.assertEqual(attempt.now["status"], "queued")
        server.call("queues.clear_queue", queue=attempt.pending)

    def test_a_missing_environment_names_all_that_is_missing(self) -> None:
        verdict = os.path.join(sandbox.home, "missing-verdict")
        done = subprocess.run([PROGRAM, "run"], env={"GLUE_VERDICT_PATH": verdict}, capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 64)
        for name in ["GLUE_TASK_ID", "GLUE_JOB_UID", "CLEARML_API_HOST", "CLEARML_API_SECRET_KEY"]:
            self.assertIn(name, done.stderr)
        with open(verdict) as file:
            self.assertEqual(json.load(file)["outcome"], "failed")

    def test_memory_kill(self) -> None:
        group = memory_group(64 << 20)
        if group is None:
            self.skipTest("no memory control group can be made here")
        self.addCleanup(remove_group, group)
        attempt = Attempt({"diff": "print('eating', flush=True)\nx = [bytearray(b'x') * (1 << 20) for _ in range(400)]\n", "binary": "/usr/bin/python3", "entry_point": "eat.py"})
        # The group is entered by a shell that becomes the executor; only the child needs so much.
        code = attempt.run("/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$0" "$@"')
        self.assertEqual(code, 72, attempt.log)
        self.assertEqual((attempt.now["status"], attempt.now["status_reason"]), ("failed", "killed for memory"))
        self.assertTrue(attempt.verdict["cause"].startswith("killed for memory"))

    def test_command_line(self) -> None:
        self.assertIn("agent-exec", subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=10).stdout)
        self.assertIn("usage:", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=10).stdout)
        bad = subprocess.run([PROGRAM, "dance"], capture_output=True, text=True, timeout=10)
        self.assertEqual(bad.returncode, 64)
        self.assertIn("usage:", bad.stderr)


class Supervise(unittest.TestCase):
    def run_program(self, code: str, *prefix: str) -> subprocess.CompletedProcess:
        return subprocess.run([*prefix, PROGRAM, "supervise", "--", "/bin/sh", "-c", code], capture_output=True, text=True, timeout=30)

    def test_ends_as_its_command_does(self) -> None:
        for code, expected in [("exit 0", 0), ("exit 41", 41), ("kill -9 $$", 137), ("kill -15 $$", 143)]:
            self.assertEqual(self.run_program(code).returncode, expected, code)
        missing = subprocess.run([PROGRAM, "supervise", "no-such-program"], capture_output=True, timeout=10)
        self.assertEqual(missing.returncode, 127)

    def test_reaps_orphans_as_subreaper_and_as_pid_1(self) -> None:
        # Twenty daemons whose parents are gone: each must be reaped while the command still runs.
        code = (
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (setsid sleep 0.2 &) ; done; sleep 1.5; "
            "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ' Z ' ; true"
        )
        for prefix in [(), ("unshare", "--pid", "--fork", "--mount-proc")]:
            done = self.run_program(code, *prefix)
            self.assertEqual(done.returncode, 0, done.stderr)
            if prefix:
                self.assertEqual(done.stdout.strip(), "0", "zombies in our own process namespace")
        shown = self.run_program("(setsid sleep 0.2 &); sleep 0.6; ps -o stat= --ppid $PPID | grep -c Z; true")
        self.assertEqual(shown.stdout.strip(), "0")

    def test_forwards_signals(self) -> None:
        ready = os.path.join(sandbox.home, "supervise-ready")
        pod = subprocess.Popen([PROGRAM, "supervise", "/bin/sh", "-c", f"trap 'exit 9' USR1; touch {ready}; while :; do sleep 0.05; done"])
        wait_for_file(ready)
        pod.send_signal(signal.SIGUSR1)
        self.assertEqual(pod.wait(10), 9)


class Install(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="install-", dir=sandbox.home)
        self.bundle = os.path.join(self.folder, "bundle")
        os.makedirs(os.path.join(self.bundle, "bin"))
        os.makedirs(os.path.join(self.bundle, "lib"))
        self.program = os.path.join(self.bundle, "bin", "agent-exec")
        shutil.copy(PROGRAM, self.program)
        with open(os.path.join(self.bundle, "lib", "data"), "w") as file:
            file.write("one")
        os.chmod(os.path.join(self.bundle, "lib", "data"), 0o640)
        os.symlink("agent-exec", os.path.join(self.bundle, "bin", "link"))

    def install(self, target: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.program, "install", target], capture_output=True, text=True, timeout=60)

    def test_copies_modes_links_and_what_changed(self) -> None:
        target = os.path.join(self.folder, "volume")
        for _ in range(2):
            done = self.install(target)
            self.assertEqual(done.returncode, 0, done.stderr)
        installed = os.path.join(target, "bin", "agent-exec")
        self.assertTrue(os.access(installed, os.X_OK))
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(target, "lib", "data")).st_mode), 0o640)
        self.assertEqual(os.readlink(os.path.join(target, "bin", "link")), "agent-exec")
        with open(os.path.join(self.bundle, "lib", "data"), "w") as file:
            file.write("two")
        self.install(target)
        with open(os.path.join(target, "lib", "data")) as file:
            self.assertEqual(file.read(), "two")
        self.assertEqual(sorted(os.listdir(os.path.join(target, "bin"))), ["agent-exec", "link"], "no half files")
        self.assertEqual(subprocess.run([installed, "--version"], capture_output=True, timeout=10).returncode, 0)

    def test_a_place_that_cannot_be_written_is_named(self) -> None:
        done = self.install("/proc/nowhere")
        self.assertEqual(done.returncode, 71)
        self.assertIn("/proc/nowhere", done.stderr)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def memory_group(limit: int):
    """A control group below our own with this limit, or None."""
    for base, name in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]:
        group = os.path.join(base, f"agent-exec-test-{os.getpid()}")
        try:
            os.mkdir(group)
            with open(os.path.join(group, name), "w") as file:
                file.write(str(limit))
            return group
        except OSError:
            if os.path.isdir(group):
                os.rmdir(group)
    return None


def remove_group(group: str) -> None:
    sandboxes.wait_for("the group to be empty", lambda: not open(os.path.join(group, "cgroup.procs")).read(), 10)
    os.rmdir(group)


def main() -> int:
    try:
        program = unittest.main(exit=False, verbosity=2)
    finally:
        sandbox.stop()
    bad = len(program.result.failures) + len(program.result.errors)
    for test, reason in program.result.skipped:
        print(f"skipped: {test}: {reason}")
    print(f"{max(0, program.result.testsRun - bad - len(program.result.skipped))} passed, {bad} failed", flush=True)
    return 0 if program.result.wasSuccessful() and program.result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
