#!/usr/bin/env python3
"""The main job on real input: five ClearML tasks, made and enqueued by the real SDK, through glue and agent-exec.

Without arguments it runs on the embedded sandbox. With KUBECONFIG, IMAGE, EXEC_IMAGE and CLEARML_API_HOST (and keys in
CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY) in the environment it does the same on a real cluster and server.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(HERE, "..", ".build", "bin")
NEEDED = ("KUBECONFIG", "IMAGE", "EXEC_IMAGE", "CLEARML_API_HOST", "CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")
QUEUE = "glue-demo"
REPOSITORY = "/demo/repository.bundle"
LIMIT = 480

TRAIN = '''\
"""Fits a line to five points by gradient descent, and reports each step to ClearML."""
from clearml import Task

task = Task.init(project_name="glue demo", task_name="train")
settings = task.connect({"rate": 0.02, "steps": 40})
points = [(1, 3.1), (2, 4.9), (3, 7.2), (4, 8.8), (5, 11.1)]
slope = offset = 0.0
for step in range(int(settings["steps"])):
    errors = [(slope * x + offset - y, x) for x, y in points]
    slope -= float(settings["rate"]) * sum(e * x for e, x in errors) * 2 / len(points)
    offset -= float(settings["rate"]) * sum(e for e, _ in errors) * 2 / len(points)
    loss = sum(e * e for e, _ in errors) / len(points)
    task.get_logger().report_scalar("loss", "train", value=loss, iteration=step)
print(f"y = {slope:.2f} x + {offset:.2f}, loss {loss:.4f}")
'''
SHOUT = 'print("the committed line")\n'
SHOUT_CHANGED = 'import six\nprint("the uncommitted line, with six", six.__version__)\n'
RAISES = 'print("about to fail")\nraise ValueError("the demo\'s own mistake")\n'
LONG = '''\
import time
for minute in range(1, 61):
    print(f"step {minute} of 60", flush=True)
    time.sleep(1)
'''


def say(text=""):
    print(text, flush=True)


def fail(text):
    say(f"demo: {text}")
    sys.exit(1)


class Demo:
    def __init__(self):
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="glue-demo-")
        self.started = time.monotonic()
        given = [name for name in NEEDED if os.environ.get(name)]
        asked = [name for name in NEEDED[:4] if os.environ.get(name) and name != "KUBECONFIG"]
        self.real = bool(asked)
        if self.real and len(given) < len(NEEDED):
            missing = ", ".join(name for name in NEEDED if name not in given)
            fail(f"for a real cluster set {missing} too (make demo {' '.join(n + '=…' for n in NEEDED[:4])})")

    # --- the two worlds ---------------------------------------------------------------------------------------------

    def sandbox(self):
        bundle = os.path.join(self.folder, "bundle", "bin")
        os.makedirs(bundle)
        shutil.copy(os.path.join(BIN, "agent-exec"), bundle)
        uv = shutil.which("uv")
        if uv:
            shutil.copy(uv, bundle)
        cache = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "clearml-glue", "demo-uv")
        os.makedirs(cache, exist_ok=True)
        state = os.path.join(self.folder, "state")
        self.start(
            "sandbox",
            [os.path.join(BIN, "glue-sandbox"), "run", "--state-dir", state,
             "--bind", f"/opt/glue={os.path.dirname(bundle)}"],
        )
        ready = os.path.join(state, "ready.json")
        self.wait(lambda: os.path.exists(ready), 60, "the sandbox did not start")
        facts = json.load(open(ready))
        self.environment = facts["environment"]
        self.kubeconfig = facts["kubeconfig"]
        self.image, self.exec_image = "sandbox.local/host:1", None
        self.pods = {"UV_CACHE_DIR": "/cache"}
        # A machine behind a proxy of its own tells its pods, too.
        for name in ("SSL_CERT_FILE", "PIP_INDEX_URL", "UV_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
            if os.environ.get(name):
                self.pods[name] = os.environ[name]
        self.volumes = [{"name": "cache", "hostPath": {"path": cache}}]
        self.mounts = [{"name": "cache", "mountPath": "/cache"}]
        say(f"sandbox: ClearML at {facts['clearmlURL']}, Kubernetes at {facts['kubeURL']}")

    def cluster(self):
        self.environment = {n: os.environ[n] for n in NEEDED if n.startswith("CLEARML_")}
        self.kubeconfig = os.environ["KUBECONFIG"]
        self.image, self.exec_image = os.environ["IMAGE"], os.environ["EXEC_IMAGE"]
        # What pods need to reach a package index of yours: DEMO_POD_ENVIRONMENT="UV_FIND_LINKS=http://… UV_OFFLINE=1"
        self.pods = dict(pair.split("=", 1) for pair in os.environ.get("DEMO_POD_ENVIRONMENT", "").split())
        self.volumes, self.mounts = [], []
        say(f"cluster of {self.kubeconfig}, ClearML at {self.environment['CLEARML_API_HOST']}")

    # --- the parts --------------------------------------------------------------------------------------------------

    def start(self, name, command, **options):
        log = open(os.path.join(self.folder, f"{name}.log"), "wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **options)
        self.processes.append((name, process))
        return process

    def wait(self, condition, seconds, message):
        end = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes:
                if process.poll() not in (None, 0):
                    self.tail(name)
                    fail(f"{name} ended with {process.returncode}")
            if time.monotonic() > end:
                fail(message)
            time.sleep(0.1)

    def tail(self, name):
        with open(os.path.join(self.folder, f"{name}.log"), errors="replace") as file:
            for line in file.readlines()[-15:]:
                say(f"    {name}: {line.rstrip()}")

    def kubectl(self, *arguments, document=None, check=True):
        """kubectl, against the cluster at hand."""
        return subprocess.run(
            [os.environ.get("KUBECTL", "kubectl"), "--kubeconfig", self.kubeconfig, "--namespace", self.namespace,
             *arguments],
            input=json.dumps(document) if document else None, text=True, capture_output=True, check=check,
        ).stdout

    def repository(self):
        """A small git repository, as a bundle in a ConfigMap: every pod can clone it, wherever it runs."""
        folder = os.path.join(self.folder, "repository")
        os.makedirs(folder)
        for name, text in (("train.py", TRAIN), ("shout.py", SHOUT)):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        plain = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")

        def git(*arguments):
            result = subprocess.run(
                ["git", "-C", folder, "-c", "user.name=demo", "-c", "user.email=demo@localhost", *arguments],
                env=plain, text=True, capture_output=True,
            )
            if result.returncode != 0:
                fail(f"git {arguments[0]}: {result.stderr.strip()}")
            return result.stdout

        git("init", "-q", "-b", "main")
        git("add", ".")
        git("commit", "-q", "-m", "The demo's scripts")
        self.commit = git("rev-parse", "HEAD").strip()
        with open(os.path.join(folder, "shout.py"), "w") as file:
            file.write(SHOUT_CHANGED)
        self.diff = git("diff")
        bundle = os.path.join(self.folder, "repository.bundle")
        git("bundle", "create", "-q", bundle, "main")
        with open(bundle, "rb") as file:
            content = base64.b64encode(file.read()).decode()
        self.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "glue-demo-repository"},
             "binaryData": {"repository.bundle": content}})

    def apply(self, document):
        self.kubectl("delete", document["kind"].lower(), document["metadata"]["name"], "--ignore-not-found", check=False)
        self.kubectl("create", "-f", "-", document=document)

    def glue(self):
        keys = {n: self.environment[n] for n in ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")}
        self.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "glue-demo-credentials"}, "stringData": keys})
        template = {
            "apiVersion": "v1", "kind": "Pod",
            "spec": {
                "containers": [
                    {"name": "task",
                     "volumeMounts": [{"name": "repository", "mountPath": os.path.dirname(REPOSITORY)}, *self.mounts]}],
                "volumes": [{"name": "repository", "configMap": {"name": "glue-demo-repository"}}, *self.volumes],
            },
        }
        pods_host = os.environ.get("DEMO_POD_API_HOST") or self.environment["CLEARML_API_HOST"]
        config = {
            "release": "demo", "cluster": "demo",
            "clearml": {"apiHost": self.environment["CLEARML_API_HOST"]},
            "kubernetes": {"kubeconfig": os.path.abspath(self.kubeconfig), "namespace": self.namespace},
            "defaultImage": self.image,
            "executor": {
                "credentialsSecret": "glue-demo-credentials", "apiHost": pods_host,
                "environment": dict(self.pods, GLUE_POLL_SECONDS="1"),
                **({"image": self.exec_image} if self.exec_image else {}),
            },
            "queues": [
                {"name": QUEUE, "template": "template.yaml", "createIfMissing": True, "pendingTimeout": "10m"},
                {"name": QUEUE + "-impatient", "template": "template.yaml", "createIfMissing": True,
                 "pendingTimeout": "20s"},
            ],
            "timing": {"pollInterval": "500ms", "statusInterval": "2s"},
        }
        for name, document in (("template.yaml", template), ("glue.yaml", config)):
            with open(os.path.join(self.folder, name), "w") as file:
                json.dump(document, file, indent=2)  # JSON is YAML
        environment = dict(os.environ, **self.environment)
        glue = os.path.join(BIN, "glue")
        arguments = ["--config", os.path.join(self.folder, "glue.yaml")]
        checked = subprocess.run([glue, "validate", *arguments], env=environment, text=True, capture_output=True)
        if checked.returncode != 0:
            fail(f"glue validate: {checked.stdout}{checked.stderr}")
        self.start("glue", [glue, "run", *arguments], env=environment)
        log = os.path.join(self.folder, "glue.log")
        self.wait(lambda: "cluster view ready" in open(log).read(), 60, "glue did not start")

    # --- the tasks --------------------------------------------------------------------------------------------------

    def tasks(self):
        """Made by the SDK: two from the repository, two literal scripts, one with an image that does not exist."""
        import clearml
        from clearml import Task

        def literal(name, text):
            path = os.path.join(self.folder, name + ".py")
            with open(path, "w") as file:
                file.write(text)
            return path

        sdk = f"clearml=={clearml.__version__}"
        common = {"project_name": "glue demo", "add_task_init_call": False}
        missing = self.image.rsplit(":", 1)[0] + "-does-not-exist:1"

        def committed(task, entry_point, diff):
            # Task.create wants to see a repository it is given: this one lies where only the pods look.
            task.update_task({"script": {
                "binary": "python3", "repository": REPOSITORY, "version_num": self.commit, "branch": "main",
                "working_dir": ".", "entry_point": entry_point, "diff": diff,
                "requirements": task.export_task()["script"]["requirements"]}})
            return task

        made = {
            "train": committed(
                Task.create(task_name="train", script=literal("train", TRAIN), packages=[sdk], **common), "train.py", ""),
            "diff": committed(
                Task.create(task_name="diff and requirement", script=literal("shout", SHOUT), packages=["six==1.17.0"], **common),
                "shout.py", self.diff),
            "raises": Task.create(task_name="raises", script=literal("raises", RAISES), packages=[], **common),
            "no image": Task.create(
                task_name="no image", script=literal("noimage", "print(1)\n"), packages=[], docker=missing, **common),
            "aborted": Task.create(task_name="aborted half-way", script=literal("long", LONG), packages=[], **common),
        }
        for name, task in made.items():
            Task.enqueue(task, queue_name=QUEUE + ("-impatient" if name == "no image" else ""))
        return made

    def watch(self, made):
        """Progress as it happens, the abort in the middle, until all five are final."""
        from clearml.backend_api.session.client import APIClient

        client = APIClient()
        names = {task.id: name for name, task in made.items()}
        last, ended, aborting = {}, {}, False
        begun = time.monotonic()
        while len(ended) < len(made):
            for name, process in self.processes:
                if process.poll() is not None:
                    self.tail(name)
                    fail(f"{name} ended with {process.returncode}")
            if time.monotonic() - begun > LIMIT:
                self.tail("glue")
                fail(f"not all tasks have ended after {LIMIT} s")
            answer = client.session.send_request(
                "tasks", "get_all", json={"id": list(names), "only_fields": ["id", "status", "status_reason", "status_message", "runtime"]})
            for task in answer.json()["data"]["tasks"]:
                name, seconds = names[task["id"]], time.monotonic() - begun
                phase = (task.get("runtime") or {}).get("glue_phase", "").rsplit(" ", 1)[-1]
                state = task["status"] + (f" ({phase})" if task["status"] == "in_progress" and phase else "")
                if last.get(name) != state:
                    say(f"  {seconds:6.1f} s  {name:9} {last.get(name, ''):24} -> {state}")
                    last[name] = state
                if task["status"] in ("completed", "failed", "stopped", "closed") and name not in ended:
                    ended[name] = (task, seconds)
            if not aborting and "aborted" not in ended and last.get("aborted", "").startswith("in_progress"):
                if any("step 3 of" in line for line in made["aborted"].get_reported_console_output(20)):
                    say(f"  {time.monotonic() - begun:6.1f} s  aborted   half-way: asking for the abort")
                    client.tasks.stop(task=made["aborted"].id)
                    aborting = True
            time.sleep(0.3)
        return ended

    def judge(self, made, ended):
        """The table, and whether each ended as it must, read back through the SDK."""
        expected = {"train": "completed", "diff": "completed", "raises": "failed", "no image": "failed", "aborted": "stopped"}
        wrong = [f"{n} is {ended[n][0]['status']}, not {s}" for n, s in expected.items() if ended[n][0]["status"] != s]
        rows = [("task", "status", "reason", "Job", "seconds")]
        for name in expected:
            task, seconds = ended[name]
            first, second = ("message", "reason") if task["status"] == "failed" else ("reason", "message")
            reason = task.get(f"status_{first}") or task.get(f"status_{second}") or ""
            job = (task.get("runtime") or {}).get("glue_job", "")
            rows.append((name, task["status"], reason if len(reason) <= 76 else reason[:75] + "…", job, f"{seconds:.1f}"))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        say()
        for row in rows:
            say("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
        say()
        scalars = made["train"].get_reported_scalars()
        losses = scalars.get("loss", {}).get("train", {}).get("y", [])
        if len(losses) < 40 or losses[-1] > losses[0]:
            wrong.append(f"the SDK reads {len(losses)} scalars of the training back, not 40 falling ones")
        else:
            say(f"  train: {len(losses)} scalars read back through the SDK, loss {losses[0]:.2f} -> {losses[-1]:.4f}")
        for name, line in (("train", "y = "), ("diff", "the uncommitted line, with six"), ("raises", "the demo's own mistake")):
            console = "\n".join(made[name].get_reported_console_output(100))
            if line not in console:
                wrong.append(f"the console of {name} does not say `{line}`:\n{console[-2000:]}")
        return wrong

    # --- the whole --------------------------------------------------------------------------------------------------

    def run(self):
        self.namespace = os.environ.get("NAMESPACE", "default")
        self.cluster() if self.real else self.sandbox()
        os.environ.update(self.environment, CLEARML_LOG_LEVEL="ERROR")
        for name in ("CLEARML_WEB_HOST", "CLEARML_FILES_HOST"):
            os.environ.setdefault(name, self.environment["CLEARML_API_HOST"])
        os.environ.pop("CLEARML_CONFIG_FILE", None)
        self.repository()
        self.glue()
        say("glue: logged in, watching Jobs and pods")
        made = self.tasks()
        say(f"five tasks made and enqueued by the clearml SDK, queue {QUEUE}")
        ended = self.watch(made)
        wrong = self.judge(made, ended)
        if wrong:
            self.tail("glue")
            fail("; ".join(wrong) + f"\nlogs: {self.folder}")
        say(f"  all five ended as they must, {time.monotonic() - self.started:.0f} s in all")

    def stop(self, keep):
        if self.real and any(name == "glue" for name, _ in self.processes):
            # While glue runs: it takes its finalizer off a Job, once the server has heard the outcome.
            self.kubectl(
                "delete", "jobs", "--selector", "clearml-agent-queue-name in (glue-demo,glue-demo-impatient)",
                "--timeout=60s", check=False)
        for name, process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    code = process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    code = process.wait()
                if name == "glue" and code != 0:
                    say(f"demo: glue ended with {code} on SIGTERM")
                    keep = True
        if self.real:
            self.kubectl("delete", "secret/glue-demo-credentials", "configmap/glue-demo-repository", "--ignore-not-found", check=False)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return keep


def main():
    demo = Demo()
    ok = False
    try:
        demo.run()
        ok = True
    except KeyboardInterrupt:
        say("interrupted")
    except subprocess.CalledProcessError as error:
        say(f"demo: {' '.join(error.cmd[:8])} …: {error.stderr.strip()}")
    finally:
        kept = demo.stop(keep=not ok)
    sys.exit(0 if ok and not kept else 1)


if __name__ == "__main__":
    main()
