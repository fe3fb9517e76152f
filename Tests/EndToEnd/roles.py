#!/usr/bin/env python3
"""glue with the rights of deploy/glue.yaml and no others: as its own service account, on glue-sandbox.

    Tests/EndToEnd/roles.py [BIN]      BIN: the folder with glue, agent-exec, glue-sandbox (default .build/bin)

A task that succeeds, one that fails, one that is aborted while it runs: each ends as it should, and nothing is forbidden.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from clearml import Server  # noqa: E402

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".build", "bin"))
NAMESPACE = "clearml"
IMAGE = "sandbox.local/host:1"
KINDS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
SCRIPTS = {
    "completed": "print('done')\n",
    "failed": "raise ValueError('as it should')\n",
    "stopped": "import time\nprint('up', flush=True)\ntime.sleep(300)\n",
}

results = []


def check(name, holds, otherwise=""):
    results.append(holds)
    print(f"ok    {name}" if holds else f"FAIL  {name}: {otherwise}", flush=True)


class World:
    """The sandbox and glue, and what ends them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="glue-roles-")
        self.processes = []

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, name, *arguments, **options):
        log = open(self.path(name + ".log"), "wb")
        process = subprocess.Popen([os.path.join(BIN, arguments[0]), *arguments[1:]], stdout=log, stderr=log, **options)
        self.processes.append(process)

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, document):
        with open(os.open(self.path(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(document, file)
        return self.path(name)

    def sandbox(self):
        os.makedirs(self.path("bundle", "bin"))
        shutil.copy(os.path.join(BIN, "agent-exec"), self.path("bundle", "bin"))
        self.start(
            "sandbox", "glue-sandbox", "run", "--state-dir", self.path("state"),
            "--bind", f"/opt/glue={self.path('bundle')}")
        deadline = time.monotonic() + 30
        while not os.path.exists(self.path("state", "ready.json")):
            if time.monotonic() > deadline:
                sys.exit("the sandbox is not ready after 30 s: " + open(self.path("sandbox.log")).read()[-2000:])
            time.sleep(0.1)
        with open(self.path("state", "ready.json")) as file:
            self.facts = json.load(file)

    def kubectl(self, *arguments, document=None):
        command = [os.environ.get("KUBECTL", "kubectl"), "--kubeconfig", self.facts["kubeconfig"], "-n", NAMESPACE]
        result = subprocess.run(
            [*command, *arguments], input=document, text=True, capture_output=True, timeout=60,
            env=dict(os.environ, HOME=self.folder))
        if result.returncode != 0:
            sys.exit(f"kubectl {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    def glue(self):
        """glue as its service account, with the roles that the manifests give it."""
        self.kubectl("create", "namespace", NAMESPACE)
        with open(os.path.join(ROOT, "deploy", "glue.yaml")) as file:
            documents = re.split(r"^---\n", file.read(), flags=re.MULTILINE)
        access = [d for d in documents if re.search(rf"^kind: ({'|'.join(KINDS)})$", d, flags=re.MULTILINE)]
        self.kubectl("apply", "-f", "-", document="---\n".join(access))
        keys = {n: self.facts["environment"][n] for n in ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "clearml-credentials"}, "stringData": keys}
        self.kubectl("create", "-f", "-", document=json.dumps(secret))
        with open(self.facts["kubeconfig"]) as file:
            config = json.load(file)
        config["users"][0]["user"] = {"token": self.kubectl("create", "token", "glue").strip()}
        config["contexts"][0]["context"]["namespace"] = NAMESPACE
        api = self.facts["clearmlURL"]
        self.write("template.yaml", {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "task"}]}})
        settings = self.write("glue.yaml", {
            "release": "roles", "cluster": "roles", "clearml": {"apiHost": api}, "defaultImage": IMAGE,
            "kubernetes": {"kubeconfig": self.write("kubeconfig", config), "namespace": NAMESPACE},
            "executor": {"apiHost": api, "environment": {"GLUE_POLL_SECONDS": "1"}},
            "queues": [{"name": "default", "template": "template.yaml"}],
            "timing": {"pollInterval": "500ms", "statusInterval": "1s"},
        })
        self.start("glue", "glue", "run", "--config", settings, env=dict(os.environ, **self.facts["environment"]))


def main():
    world = World()
    try:
        world.sandbox()
        world.glue()
        server = Server(world.facts["clearmlURL"], world.facts["accessKey"], world.facts["secretKey"])
        queue = server.queue("default")
        tasks = {end: server.script_task("to be " + end, code, IMAGE) for end, code in SCRIPTS.items()}
        for task in tasks.values():
            server.call("tasks.enqueue", task=task, queue=queue)
        running = server.wait(tasks["stopped"], {"in_progress"}, 60)
        check("a task runs", running["status"] == "in_progress", running)
        server.call("tasks.stop", task=tasks["stopped"])
        for end, task in tasks.items():
            record = server.wait(task, {"completed", "failed", "stopped"}, 60)
            check(f"a task is {end}", record["status"] == end, f"{record['status']}: {record.get('status_reason')}")
        with open(world.path("glue.log"), errors="replace") as file:
            refused = [line for line in file if re.search("403|forbidden", line, flags=re.IGNORECASE)]
        check("nothing is forbidden", not refused, refused[:3])
    finally:
        world.end()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if results and all(results) else 1)


main()
