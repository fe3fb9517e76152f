"""One lane: a sandbox of its own, two recording proxies before it, and the real glue with real executors behind them."""

import asyncio
import json
import os
import shutil
import signal
import ssl
import time
import urllib.error
import urllib.request

from proxy import Proxy

FINAL = {"completed", "failed", "stopped", "closed", "published"}
TEMPLATE = """\
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: task
      volumeMounts:
        - {{ name: record, mountPath: {folder} }}
  volumes:
    - name: record
      hostPath: {{ path: {folder} }}
"""
CONFIG = """\
release: walk
cluster: walk
pendingQueue: {pending}
clearml: {{ apiHost: "{api}" }}
kubernetes: {{ kubeconfig: "{kubeconfig}", namespace: default }}
executor:
  path: /opt/glue/bin/agent-exec
  environment: {{ GLUE_POLL_SECONDS: "1" }}
queues:
  - {{ name: default, template: "{template}", pendingTimeout: 60s, terminationGracePeriod: 5s }}
timing: {{ pollInterval: 200ms, statusInterval: 1s, recoveryInterval: 2s, claimDeadline: 2s, orphanAfter: 3s }}
logging: {{ level: debug }}
"""


class Failure(Exception):
    """The programs under test did something that they must not."""


class Lane:
    def __init__(self, name, folder, programs, log):
        self.name, self.folder, self.programs, self.log = name, os.path.join(folder, name), programs, log
        self.record = os.path.join(self.folder, "record")
        self.glues = []
        self.starts = self.rounds = 0

    # --- start and stop ---------------------------------------------------------------------------------------------

    async def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.record)
        bundle = os.path.join(self.folder, "bundle", "bin")
        os.makedirs(bundle)
        shutil.copy(self.programs["agent-exec"], bundle)
        state = os.path.join(self.folder, "state")
        self.sandbox_log = open(os.path.join(self.folder, "sandbox.log"), "wb")
        self.sandbox = await asyncio.create_subprocess_exec(
            self.programs["glue-sandbox"], "run", "--state-dir", state, "--bind", f"/opt/glue={os.path.dirname(bundle)}",
            stdout=self.sandbox_log, stderr=self.sandbox_log,
        )
        ready = os.path.join(state, "ready.json")
        for _ in range(300):
            if os.path.exists(ready):
                break
            if self.sandbox.returncode is not None:
                raise Failure(f"the sandbox did not start: see {self.folder}/sandbox.log")
            await asyncio.sleep(0.1)
        self.ready = json.load(open(ready))
        ca = self.ready["ca"]
        client = ssl.create_default_context(cafile=ca)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(*self._certificate())
        self.kube = await Proxy(_address(self.ready["kubeURL"]), client, server).start()
        self.clearml = await Proxy(_address(self.ready["clearmlURL"])).start()
        config = json.load(open(self.ready["kubeconfig"]))
        config["clusters"][0]["cluster"] = {
            "server": f"https://127.0.0.1:{self.kube.port}",
            "certificate-authority": os.path.join(self.folder, "proxy.crt"),
        }
        kubeconfig = os.path.join(self.folder, "kubeconfig")
        with open(os.open(kubeconfig, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            json.dump(config, file)
        template = os.path.join(self.folder, "template.yaml")
        with open(template, "w") as file:
            file.write(TEMPLATE.format(folder=self.record))
        self.config = os.path.join(self.folder, "glue.yaml")
        self.settings = dict(
            api=f"http://127.0.0.1:{self.clearml.port}", kubeconfig=kubeconfig, template=template)
        self.tls = client
        keys = {k: self.ready["environment"][k] for k in ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")}
        await self.kubernetes(
            "POST", "/api/v1/namespaces/default/secrets",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "clearml-credentials"}, "stringData": keys},
        )
        found = await self.api("queues.get_all", {"name": "^default$", "only_fields": ["id", "name"]})
        self.queue = found["queues"][0]["id"]
        return self

    def _certificate(self):
        """A certificate for the proxies, self-signed: the sandbox's authority keeps its key to itself."""
        crt, key = os.path.join(self.folder, "proxy.crt"), os.path.join(self.folder, "proxy.key")
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=proxy "
            f"-addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {crt} 2>/dev/null"
        )
        if os.system(command) != 0:
            raise Failure("openssl made no certificate")
        return crt, key

    async def fresh_glue(self):
        """One glue, new, with a pending queue of its own: what it writes at its start is written again."""
        await self.stop_glues()
        self.rounds += 1
        with open(self.config, "w") as file:
            file.write(CONFIG.format(pending=f"walk-{self.rounds}", **self.settings))
        self.start_glue()

    def start_glue(self):
        """Another glue process; the ones that died are forgotten."""
        import subprocess

        for dead in (g for g in self.glues if g.poll() not in (None, 0, -signal.SIGKILL)):
            self.glues.remove(dead)
            raise Failure(f"glue ended with {dead.returncode}")
        self.starts += 1
        log = open(os.path.join(self.folder, f"glue-{self.starts}.log"), "wb")
        environment = dict(os.environ, **self.ready["environment"])
        environment.pop("CLEARML_API_HOST", None)
        process = subprocess.Popen(
            [self.programs["glue"], "run", "--config", self.config], stdout=log, stderr=log, env=environment
        )
        self.glues = [g for g in self.glues if g.poll() is None] + [process]
        return process

    def living(self):
        return [g for g in self.glues if g.poll() is None]

    async def stop_glues(self):
        """SIGTERM: every glue stops in time, with exit code 0."""
        for process in self.living():
            os.kill(process.pid, signal.SIGCONT)
            process.terminate()
        glues, self.glues = self.glues, []
        for process in glues:
            for _ in range(100):
                if process.poll() is not None:
                    break
                await asyncio.sleep(0.1)
            else:
                process.kill()
                process.wait()
                raise Failure("glue did not stop within 10 s of SIGTERM")
            if process.returncode not in (0, -signal.SIGKILL):
                raise Failure(f"glue ended with {process.returncode}")

    async def stop(self):
        try:
            await self.stop_glues()
        finally:
            await self._stop_servers()

    async def _stop_servers(self):
        if hasattr(self, "sandbox") and self.sandbox.returncode is None:
            self.sandbox.terminate()
            try:
                await asyncio.wait_for(self.sandbox.wait(), 20)
            except asyncio.TimeoutError:
                self.sandbox.kill()
        for proxy in (getattr(self, "kube", None), getattr(self, "clearml", None)):
            if proxy:
                await proxy.stop()

    # --- the servers, asked directly --------------------------------------------------------------------------------

    async def api(self, action, body):
        def call():
            import base64

            keys = f"{self.ready['accessKey']}:{self.ready['secretKey']}"
            request = urllib.request.Request(
                f"{self.ready['clearmlURL']}/{action}", json.dumps(body).encode(), method="POST",
                headers={"Authorization": "Basic " + base64.b64encode(keys.encode()).decode()},
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)["data"]

        return await self._asked(call)

    async def _asked(self, call):
        try:
            return await asyncio.to_thread(call)
        except urllib.error.HTTPError as error:
            raise Failure(f"{error.url}: {error.code} {error.read()[:300]}") from error
        except OSError as error:
            raise Failure(f"the sandbox (pid {self.sandbox.pid}) does not answer: {error}") from error

    async def kubernetes(self, method, path, body=None):
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"

        def call():
            request = urllib.request.Request(
                self.ready["kubeURL"] + path, json.dumps(body).encode() if body is not None else None, method=method,
                headers={"Authorization": f"Bearer {self.ready['token']}", "Content-Type": kind},
            )
            with urllib.request.urlopen(request, timeout=20, context=self.tls) as answer:
                return json.load(answer)

        return await self._asked(call)

    # --- tasks ------------------------------------------------------------------------------------------------------

    async def enqueue(self, name, seconds=0.2):
        return await self.queue_up(await self.create(name, seconds))

    async def create(self, name, seconds=0.2):
        """A task that appends a line to a file of its own, and sleeps."""
        script = f'echo run >> {self.record}/"$CLEARML_TASK_ID"\necho hello\nsleep {seconds}\n'
        made = await self.api(
            "tasks.create",
            {
                "name": name, "type": "training",
                "script": {"binary": "/bin/sh", "entry_point": "task.sh", "working_dir": ".", "diff": script},
                "container": {"image": "sandbox.local/host:1"},
            },
        )
        return made["id"]

    async def queue_up(self, task):
        await self.api("tasks.enqueue", {"task": task, "queue": self.queue})
        return task

    async def task(self, task):
        found = await self.api(
            "tasks.get_all",
            {"id": [task], "only_fields": ["id", "status", "status_reason", "status_message", "runtime", "execution.queue"]},
        )
        return found["tasks"][0]

    def runs(self, task):
        """How often the task's own code has run."""
        try:
            with open(os.path.join(self.record, task)) as file:
                return len(file.readlines())
        except FileNotFoundError:
            return 0

    async def settled(self, tasks, within=None):
        """Waits until every task is final and nothing of ours holds on to anything; says what is not, in time."""
        within = within or self.settle_seconds
        end = time.monotonic() + within
        while True:
            open_ends = await self.open_ends(tasks)
            if not open_ends:
                return
            if time.monotonic() > end:
                raise Failure(f"not settled after {within} s: {'; '.join(open_ends)}")
            await asyncio.sleep(0.25)

    async def open_ends(self, tasks):
        ends = []
        for task in tasks:
            found = await self.task(task)
            if found["status"] not in FINAL:
                ends.append(f"task {task} is {found['status']} ({found.get('status_reason')})")
        jobs = await self.kubernetes("GET", "/apis/batch/v1/namespaces/default/jobs")
        for job in jobs["items"]:
            if job["metadata"].get("finalizers"):
                ends.append(f"Job {job['metadata']['name']} still has its finalizer")
        pods = await self.kubernetes("GET", "/api/v1/namespaces/default/pods")
        for pod in pods["items"]:
            if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
                ends.append(f"pod {pod['metadata']['name']} is {pod.get('status', {}).get('phase')}")
        queues = await self.api("queues.get_all", {"search_hidden": True})
        for queue in queues["queues"]:
            for entry in queue.get("entries", []):
                ends.append(f"task {entry['task']} stands in queue {queue['name']}")
        return ends

    def disarm(self):
        """Nothing is struck, held up or stopped any more."""
        for proxy in (self.kube, self.clearml):
            for strike in proxy.strikes:
                strike.release()
            proxy.strikes.clear()
            if proxy.stale:
                proxy.stale.fresh.set()
                proxy.stale = None
            proxy.exchanges.clear()

    async def clean(self):
        """Ended Jobs and their pods go, so that the next round's record shows only its own."""
        await self.kubernetes("DELETE", "/apis/batch/v1/namespaces/default/jobs", {"propagationPolicy": "Background"})


def _address(url):
    host, port = url.split("://")[1].rsplit(":", 1)
    return host, int(port)
