"""A ClearML server as a user's browser sees it: JSON calls over HTTP, nothing of this project's own client."""

import base64
import json
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """The server answered, and said no."""


class Server:
    """Calls a server's API with one user's keys."""

    def __init__(self, url: str, access_key: str, secret_key: str):
        self.url, self.keys, self.token = url.rstrip("/"), (access_key, secret_key), None

    def call(self, action: str, **body):
        """Returns `data` of the reply."""
        if self.token is None:
            basic = base64.b64encode(":".join(self.keys).encode()).decode()
            self.token = self._post("auth.login", {}, "Basic " + basic)["token"]
        return self._post(action, body, "Bearer " + self.token)

    def _post(self, action: str, body: dict, authorization: str):
        request = urllib.request.Request(
            f"{self.url}/{action}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": authorization},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise Refused(f"{action}: {error.code} {error.read().decode(errors='replace')[:500]}") from None

    def queue(self, name: str) -> str:
        """The id of the queue of that name; it is made if there is none."""
        found = [q for q in self.call("queues.get_all", name=f"^{name}$")["queues"] if q["name"] == name]
        return found[0]["id"] if found else self.call("queues.create", name=name)["id"]

    def script_task(self, name: str, code: str, image: str) -> str:
        """Makes a task whose code is a literal script; returns its id."""
        return self.call(
            "tasks.create",
            name=name,
            type="training",
            script={
                "repository": "", "branch": "", "version_num": "", "working_dir": ".", "entry_point": "main.py",
                "binary": "python3", "diff": code, "requirements": {"pip": ""},
            },
            container={"image": image},
        )["id"]

    def task(self, task: str) -> dict:
        return self.call("tasks.get_by_id", task=task)["task"]

    def console(self, task: str) -> str:
        """All console lines so far, in order."""
        events = self.call("events.get_task_log", task=task, order="asc", batch_size=5000)["events"]
        return "\n".join(event.get("msg", "") for event in events)

    def wait(self, task: str, statuses: set[str], seconds: float) -> dict:
        """The task once it has one of the statuses, or as it is after the time."""
        deadline = time.monotonic() + seconds
        while True:
            record = self.task(task)
            if record["status"] in statuses or time.monotonic() > deadline:
                return record
            time.sleep(0.5)
