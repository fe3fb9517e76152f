#!/usr/bin/env python3
"""Tests of the scripts that the other tests rest on: the stage runner, the process records, the image maker."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(path: str, name: str):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


runner = load("scripts/test", "stage_runner")


class Counting(unittest.TestCase):
    def test_swift_testing_that_passed(self):
        text = "✔ Test run with 12 tests in 3 suites passed after 0.103 seconds.\n"
        self.assertEqual(runner.counts(text), (12, 0))

    def test_swift_testing_with_failures_counts_each_failed_test(self):
        text = (
            '✘ Test "a claim is read" failed after 0.001 seconds with 2 issues.\n'
            "✘ Test other() failed after 0.001 seconds with 1 issue.\n"
            "✘ Test run with 5 tests in 1 suite failed after 0.2 seconds with 3 issues.\n"
        )
        self.assertEqual(runner.counts(text), (3, 2))

    def test_lines_of_scripts_add_up(self):
        self.assertEqual(runner.counts("3 passed, 1 failed\nx\ncases: 4 passed, 0 failed, 2 skipped\n"), (7, 1))

    def test_a_sentence_is_no_count(self):
        self.assertEqual(runner.counts("we saw 3 passed, 1 failed of them\n"), (0, 0))


class Stages(unittest.TestCase):
    """Runs the runner itself, in a process of its own, on stages made up here."""

    def run_stage(self, command: str, counts: bool = True, budget: int = 60):
        with tempfile.TemporaryDirectory() as logs:
            program = (
                "import importlib.machinery, importlib.util, sys\n"
                f"loader = importlib.machinery.SourceFileLoader('r', {os.path.join(ROOT, 'scripts/test')!r})\n"
                "r = importlib.util.module_from_spec(importlib.util.spec_from_loader('r', loader))\n"
                "sys.modules['r'] = r\nsys.dont_write_bytecode = True\nloader.exec_module(r)\n"
                f"r.LOGS = {logs!r}\n"
                f"r.STAGES = [r.Stage('made up', {budget}, ['bash', '-c', {command!r}], counts={counts})]\n"
                "sys.argv = ['test']\nsys.exit(r.main())\n"
            )
            return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    def test_a_passing_stage(self):
        done = self.run_stage("echo '2 passed, 0 failed'")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 0 failed")

    def test_a_stage_that_ran_no_test_has_failed(self):
        done = self.run_stage("echo nothing")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed")

    def test_a_failing_stage_shows_the_end_of_its_log(self):
        done = self.run_stage("echo the cause; exit 3", counts=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("    the cause", done.stdout)
        self.assertIn("exit 3", done.stdout)

    def test_passed_counts_do_not_hide_a_bad_exit(self):
        done = self.run_stage("echo '2 passed, 0 failed'; exit 1")
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 1 failed")

    def test_what_a_stage_leaves_running_is_ended_and_counted_against_it(self):
        done = self.run_stage("setsid sleep 987654 & sleep 0.5; echo '1 passed, 0 failed'")
        self.assertEqual(done.returncode, 1)
        self.assertIn("left running: sleep", done.stdout)
        left = subprocess.run(["pgrep", "-fx", "sleep 987654"], capture_output=True, text=True).stdout
        self.assertEqual(left, "")

    def test_a_stage_far_over_its_budget_is_killed(self):
        started = time.monotonic()
        done = self.run_stage("echo '1 passed, 0 failed'; exec sleep 600", budget=1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("killed after 3 s", done.stdout)
        self.assertLess(time.monotonic() - started, 30)


class ProcessRecords(unittest.TestCase):
    def setUp(self):
        self.records = tempfile.TemporaryDirectory()
        self.addCleanup(self.records.cleanup)

    def bash(self, script: str) -> subprocess.CompletedProcess:
        prelude = (
            f"set -euo pipefail; source {ROOT}/scripts/lib/common.sh; source {ROOT}/scripts/lib/processes.sh; "
            f"process_records={self.records.name}; "
        )
        return subprocess.run(["bash", "-c", prelude + script], capture_output=True, text=True, timeout=60)

    def test_a_recycled_pid_is_never_signalled(self):
        bystander = subprocess.Popen(["sleep", "60"])
        self.addCleanup(bystander.kill)
        with open(os.path.join(self.records.name, "old"), "w") as file:
            file.write(f"{bystander.pid} 12345\n")
        done = self.bash("process_stop old; process_kill old; process_pid old || echo not ours")
        self.assertEqual(done.stdout, "not ours\n", done.stderr)
        time.sleep(0.2)
        self.assertIsNone(bystander.poll())

    def test_a_process_that_ignores_term_is_killed(self):
        done = self.bash(
            "bash -c 'trap \"\" TERM; while :; do sleep 0.1; done' & process_record stubborn $!; sleep 0.3; "
            "process_pid stubborn >/dev/null; process_grace=1 process_stop stubborn; kill -0 $! 2>/dev/null || echo gone"
        )
        self.assertEqual((done.returncode, done.stdout), (0, "gone\n"), done.stderr)

    def test_a_zombie_does_not_run(self):
        process = subprocess.Popen(["true"])
        deadline = time.monotonic() + 10
        stat = f"/proc/{process.pid}/stat"
        while ") Z " not in open(stat).read() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.bash(f"process_record dead {process.pid}")
        done = self.bash("process_pid dead || echo no")
        process.wait()
        self.assertEqual(done.stdout, "no\n", done.stderr)

    def test_a_command_with_parentheses_has_its_start_time_read(self):
        with tempfile.TemporaryDirectory() as folder:
            odd = os.path.join(folder, "a ) b (c")
            os.symlink("/bin/sleep", odd)
            process = subprocess.Popen([odd, "60"])
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            done = self.bash(f"process_start_time {process.pid}")
            with open(f"/proc/{process.pid}/stat") as file:
                expected = file.read().rpartition(")")[2].split()[19]
            self.assertEqual(done.stdout.strip(), expected, done.stderr)


class Images(unittest.TestCase):
    def test_equal_folders_make_equal_archives(self):
        with tempfile.TemporaryDirectory() as work:
            digests = []
            for name in ("a", "b"):
                root = os.path.join(work, name)
                os.makedirs(os.path.join(root, "bin"))
                with open(os.path.join(root, "bin", "x"), "w") as file:
                    file.write("same\n")
                os.utime(os.path.join(root, "bin", "x"), (len(digests) + 1, len(digests) + 1))
                out = os.path.join(work, name + ".tar")
                subprocess.run([os.path.join(ROOT, "scripts/image"), root, out, "glue.test/x:1"], check=True, capture_output=True)
                with open(out, "rb") as file:
                    digests.append(file.read())
            self.assertEqual(digests[0], digests[1])

    def test_a_name_without_a_tag_is_refused(self):
        done = subprocess.run([os.path.join(ROOT, "scripts/image"), "/tmp", "/nowhere.tar", "glue.test/x"], capture_output=True)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    stream = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    with contextlib.redirect_stderr(stream):
        result = unittest.TextTestRunner(stream=stream, verbosity=2).run(suite)
    print(stream.getvalue())
    failed = len({str(test) for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(0 if result.wasSuccessful() else 1)
