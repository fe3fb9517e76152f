"""The bench of the flow tests: one sandbox, as many glues as the cases start, and tasks that can be asked how they are."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "EndToEnd"))

import clearml  # noqa: E402

NAMESPACE = "default"
FINAL = {"completed", "failed", "stopped"}
IMAGE = "sandbox.local/host:1"
# What every glue here is told, unless its case says otherwise: everything in a hurry.
TIMING = {
    "pollInterval": "300ms", "statusInterval": "500ms", "recoveryInterval": "2s", "claimDeadline": "10s", "orphanAfter": "3s",
}


class Skip(Exception):
    """This machine cannot show it; the text says why."""


class Failed(Exception):
    """It is not as it must be."""


def check(truth, what, evidence=""):
    """Fails the case with `what`, unless it holds."""
    if not truth:
        raise Failed(f"{what}: {evidence}" if evidence != "" else what)


def same(what, found, expected):
    """Fails the case unless both are equal."""
    check(found == expected, what, f"found {found!r}, expected {expected!r}")


def has(what, text, *parts):
    """Fails the case unless `text` has each of `parts`."""
    for part in parts:
        check(part in (text or ""), f"{what} has no {part!r}", text)


def eventually(what, ask, seconds=60):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        check(time.monotonic() < end, f"not within {seconds} s", what() if callable(what) else what)
        time.sleep(0.2)


class Cluster:
    """The Kubernetes API as its administrator uses it."""

    def __init__(self, ready):
        self.url, self.token = ready["kubeURL"], ready["token"]
        self.tls = ssl.create_default_context(cafile=ready["ca"])

    def call(self, method, path, body=None):
        """The reply; `None` for what is not there."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode() if body is not None else None, method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind},
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.tls) as reply:
                return json.loads(reply.read() or b"{}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Failed(f"{method} {path}: {error.code} {error.read()[:300]}") from None

    def items(self, kind, task=None):
        """The objects of one kind, of one task if given; `kind` is `batch/v1/jobs` or `v1/pods`."""
        group = "/apis/" if kind.count("/") == 2 else "/api/"
        start, plural = kind.rsplit("/", 1)
        selector = f"?labelSelector=clearml-task-id%3D{task}" if task else ""
        return self.call("GET", f"{group}{start}/namespaces/{NAMESPACE}/{plural}{selector}")["items"]

    def pod(self, method, name, subresource="", body=None):
        return self.call(method, f"/api/v1/namespaces/{NAMESPACE}/pods/{name}{subresource}", body)

    def evict(self, name):
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
        return self.pod("POST", name, "/eviction", body)

    def open_gate(self, name):
        """Makes the ConfigMap that a gated pod waits for."""
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"gate-{name}"}, "data": {"open": "yes"}}
        self.call("POST", f"/api/v1/namespaces/{NAMESPACE}/configmaps", body)


class Task:
    """One task and what became of it."""

    def __init__(self, bench, id, name):
        self.bench, self.id, self.name = bench, id, name

    @property
    def now(self):
        return self.bench.server.task(self.id)

    @property
    def console(self):
        return self.bench.server.console(self.id)

    @property
    def jobs(self):
        return self.bench.cluster.items("batch/v1/jobs", self.id)

    @property
    def pods(self):
        return self.bench.cluster.items("v1/pods", self.id)

    @property
    def runs(self):
        """How often the task's own code began."""
        try:
            with open(os.path.join(self.bench.shared, "runs", self.id)) as file:
                return len(file.readlines())
        except FileNotFoundError:
            return 0

    def enqueue(self, queue, **more):
        self.bench.server.call("tasks.enqueue", task=self.id, queue=self.bench.queue(queue), **more)
        return self

    def stop(self):
        self.bench.server.call("tasks.stop", task=self.id)

    def story(self):
        """Everything about it, for a failure's report."""
        try:
            found = self.now
            state = {key: found.get(key) for key in ("status", "status_reason", "status_message", "runtime")}
        except clearml.Refused as error:
            state = str(error)
        try:
            console = self.console.split("\n")
        except clearml.Refused as error:
            console = str(error)
        ends = [(pod["metadata"]["name"], pod.get("status", {}).get("containerStatuses")) for pod in self.pods]
        return json.dumps({"task": self.id, "state": state, "left": self.left(), "pods": ends, "console": console}, indent=1)

    def until(self, *statuses, seconds=60):
        """Waits until the task has one of `statuses`; returns the task."""
        def ask():
            found = self.now
            return found if found["status"] in statuses else None

        return eventually(lambda: f"{self.name} is not {' or '.join(statuses)}\n{self.story()}", ask, seconds)

    def running(self):
        """Waits until the task's own code runs; returns its pod's name."""
        eventually(lambda: f"{self.name} does not run\n{self.story()}", lambda: self.runs)
        self.until("in_progress")
        return [pod for pod in self.pods if pod["status"]["phase"] == "Running"][0]["metadata"]["name"]

    def pending(self):
        """Waits until a pod of the task is there and waits on its node; returns its name."""
        def ask():
            return [p for p in self.pods if p.get("status", {}).get("phase") == "Pending" and p["spec"].get("nodeName")]

        return eventually(lambda: f"{self.name} has no pending pod\n{self.story()}", ask)[0]["metadata"]["name"]

    def left(self):
        """What is left in the cluster: Jobs as (attempt, condition, held), pods as (phase, exit code)."""
        jobs, pods = [], []
        for job in self.jobs:
            conditions = [c["type"] for c in job.get("status", {}).get("conditions", []) if c["status"] == "True"]
            ended = next((c for c in conditions if c in ("Complete", "Failed")), "")
            attempt = job["metadata"]["labels"].get("glue.clearml/attempt", "?")
            jobs.append((attempt, ended, "held" if job["metadata"].get("finalizers") else "free"))
        for pod in self.pods:
            status = pod.get("status", {})
            ends = [c["state"].get("terminated", {}).get("exitCode") for c in status.get("containerStatuses", [])]
            pods.append((status.get("phase"), ends[0] if ends else None))
        return {"jobs": sorted(jobs), "pods": sorted(pods, key=str)}

    def ends(self, status, reason, *message, jobs=None, pods=None, console=(), runs=None, seconds=60):
        """Waits for the end and judges all of it: status, reason, message, console lines, what is left, how often it ran."""
        try:
            found = self.until(*FINAL, "created" if status == "created" else status, seconds=seconds)
            same("status", found["status"], status)
            if reason is not None:
                same("status_reason", found.get("status_reason"), reason)
            has("status_message", found.get("status_message"), *message)
            for line in console:
                eventually(f"the console has no {line!r}", lambda: line in self.console, 15)
            if runs is not None:
                same("runs of the task's code", self.runs, runs)
            if jobs is not None or pods is not None:
                expected = {"jobs": sorted(jobs or []), "pods": sorted(pods or [], key=str)}
                eventually(lambda: f"left: found {self.left()}, expected {expected}", lambda: self.left() == expected, 30)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.story()}") from None
        return found

    def over(self):
        """Waits until nothing of the task runs and nothing holds on to its Job. An ended Job may stay for people to see."""
        def ask():
            found = self.left()
            return all(job[2] == "free" for job in found["jobs"]) and all(p[0] not in ("Pending", "Running") for p in found["pods"])

        eventually(lambda: f"not over: {self.left()}\n{self.story()}", ask, 40)

    def gone(self):
        """Waits until the cluster has neither Job nor pod of the task."""
        nothing = {"jobs": [], "pods": []}
        eventually(lambda: f"still there: {self.left()}\n{self.story()}", lambda: self.left() == nothing, 40)


class Glue:
    """One process of the real operator."""

    def __init__(self, bench, name, text, options=(), environment=None):
        self.bench, self.name, self.options = bench, name, options
        self.environment = bench.environment if environment is None else environment
        self.config = bench.write(f"{name}.yaml", text)
        self.out, self.log_path = bench.path(f"{name}.out"), bench.path(f"{name}.log")

    def start(self):
        with open(self.out, "wb") as out, open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [self.bench.programs["glue"], "run", "--config", self.config, *self.options], stdin=subprocess.DEVNULL,
                stdout=out, stderr=log, cwd=self.bench.folder, env=self.environment,
            )
        self.bench.glues.append(self)
        return self

    @property
    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    @property
    def output(self):
        with open(self.out, errors="replace") as file:
            return file.read()

    def ready(self):
        """Waits until it works."""
        def ask():
            check(self.process.poll() is None, f"glue `{self.name}` ended with {self.process.poll()}", self.log[-2000:])
            return "cluster view ready" in self.log

        eventually(f"glue `{self.name}` is not ready", ask)
        return self

    def ends(self, code, *parts, seconds=60):
        """Waits for its end; judges exit code and what it said. Returns what it said."""
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"glue `{self.name}` has not ended within {seconds} s: {self.log[-2000:]}") from None
        check(found == code, f"glue ended with {found}, expected {code}", self.log[-3000:])
        has("glue's log", self.log, *parts)
        check("Fatal error" not in self.log, "glue crashed", self.log[-3000:])
        return self.log

    def finish(self):
        """Waits until it has let go of all its Jobs (a task may be final a moment earlier), then ends it."""
        def held():
            jobs = [job["metadata"] for job in self.bench.cluster.items("batch/v1/jobs")]
            return [
                job["name"] for job in jobs
                if job.get("finalizers") and job["annotations"]["glue.clearml/instance-name"].endswith("/" + self.release)
            ]

        eventually(lambda: f"glue `{self.name}` still holds {held()}: {self.log[-2000:]}", lambda: not held(), 30)
        self.stop()

    def stop(self):
        """SIGTERM; it must end in order."""
        self.process.send_signal(signal.SIGTERM)
        self.ends(0, "stopping", seconds=30)


class Bench:
    """The sandbox and everything around it, in one folder."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.shared = os.path.join(folder, "shared")
        self.glues, self.tasks, self._mounts = [], [], []
        self._queues, self._lock = {}, threading.Lock()
        os.makedirs(os.path.join(self.shared, "runs"))
        bundle = os.path.join(folder, "bundle", "bin")
        os.makedirs(bundle)
        shutil.copy(programs["agent-exec"], bundle)
        if programs.get("uv"):
            shutil.copy(programs["uv"], bundle)
        state = os.path.join(folder, "state")
        log = open(os.path.join(folder, "sandbox.log"), "wb")
        with log:
            self.sandbox = subprocess.Popen(
                [
                    programs["glue-sandbox"], "run", "--state-dir", state, "--bind", f"/opt/glue={os.path.dirname(bundle)}",
                    "--bind", f"/srv/flows={self.shared}:rw", "--backoff", "1", "--capacity", "cpu=64",
                    "--token-without", "create:jobs", "--token-without", "list:pods",
                    
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        ready = os.path.join(state, "ready.json")

        def ask():
            check(self.sandbox.poll() is None, f"glue-sandbox ended with {self.sandbox.poll()}", self.sandbox_log())
            return os.path.exists(ready)

        eventually("the sandbox is not ready", ask)
        with open(ready) as file:
            self.ready = json.load(file)
        self.state = state
        self.server = clearml.Server(self.ready["clearmlURL"], self.ready["accessKey"], self.ready["secretKey"])
        self.cluster = Cluster(self.ready)
        keys = {name: self.ready["environment"][name] for name in ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CLEARML_", "TRAINS_", "KUBE"))}, **keys,
        }
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "clearml-credentials"}, "stringData": keys}
        self.cluster.call("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)

    def sandbox_log(self):
        with open(os.path.join(self.folder, "sandbox.log"), errors="replace") as file:
            return file.read()[-3000:]

    # --- files --------------------------------------------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def tmpfs(self, name, size):
        """A small file system of its own below the folder that pods see."""
        place = os.path.join(self.shared, name)
        os.makedirs(place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "flows", place], capture_output=True, text=True)
        if done.returncode != 0:
            raise Skip(f"no file system can be mounted here: {done.stderr.strip()}")
        self._mounts.append(place)
        return place

    # --- glue ---------------------------------------------------------------------------------------------------------

    def template(self, name, container=None, **pod):
        """Writes a template; returns its path."""
        spec = {"containers": [{"name": "task", **(container or {})}], **pod}
        return self.write(f"template-{name}.yaml", json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": spec}, indent=1))

    def served(self, name, template, **more):
        """A queue's part of a configuration, its queue made on the server."""
        self.queue(name)
        return {"name": name, "template": template, "pendingTimeout": "300s", "terminationGracePeriod": "5s", **more}

    def configuration(self, name, queues, timing=None, **more):
        """A configuration for a glue of its own."""
        return {
            "release": name, "cluster": name, "clearml": {"apiHost": self.ready["clearmlURL"]},
            "kubernetes": {"kubeconfig": self.ready["kubeconfig"], "namespace": NAMESPACE},
            "executor": {"environment": {"GLUE_POLL_SECONDS": "0.5", "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1"}},
            "queues": queues, "timing": {**TIMING, **(timing or {})}, "logging": {"level": "debug"}, **more,
        }

    def glue(self, name, queues, file=None, start=True, options=(), environment=None, **more):
        """A glue of its own, with one of these configurations; `file` is for a second one of the same."""
        text = json.dumps(self.configuration(name, queues, **more), indent=1)
        glue = Glue(self, file or name, text, options, environment)
        glue.release = name
        return glue.start() if start else glue

    def raw_glue(self, name, text, options=(), environment=None):
        """A glue with a configuration of any text."""
        return Glue(self, name, text, options, environment).start()

    # --- tasks --------------------------------------------------------------------------------------------------------

    def queue(self, name):
        """The id of the ClearML queue `name`."""
        with self._lock:
            if name not in self._queues:
                self._queues[name] = self.server.queue(name)
            return self._queues[name]

    def entries(self, name):
        """The tasks that stand in the queue `name`, in order."""
        found = self.server.call("queues.get_by_id", queue=self.queue(name))["queue"]
        return [entry["task"] for entry in found.get("entries", [])]

    def task(self, name, code="", image=IMAGE, queue="plain", record=True, **more):
        """A shell script as a task, enqueued (unless `queue` is None). Its first line tells that it runs."""
        first = 'echo run >> /srv/flows/runs/"$CLEARML_TASK_ID"\n' if record else ""
        script = {"repository": "", "working_dir": ".", "entry_point": "main.sh", "binary": "/bin/sh", "diff": first + code}
        script.update(more.pop("script", {}))
        container = {"image": image, "arguments": more.pop("arguments", "")}
        made = self.server.call("tasks.create", name=name, type="training", script=script, container=container, **more)
        task = Task(self, made["id"], name)
        self.tasks.append(task)
        return task.enqueue(queue) if queue else task

    # --- the end ------------------------------------------------------------------------------------------------------

    def stop(self):
        """Ends everything that was started here."""
        for glue in self.glues:
            if glue.process.poll() is None:
                glue.process.terminate()
        for glue in self.glues:
            try:
                glue.process.wait(15)
            except subprocess.TimeoutExpired:
                glue.process.kill()
                glue.process.wait(5)
        if self.sandbox.poll() is None:
            self.sandbox.terminate()
            try:
                self.sandbox.wait(20)
            except subprocess.TimeoutExpired:
                self.sandbox.kill()
                self.sandbox.wait(5)
        for place in self._mounts:
            subprocess.run(["umount", "--lazy", place], check=False)
