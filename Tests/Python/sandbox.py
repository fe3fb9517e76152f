"""A running glue-sandbox, and the stock Python clients pointed at it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["GLUE_SANDBOX"]

CLIENT_CONFIGURATION = """
api { http { retries { total: 1 } } }
sdk { development { log_os_environments: [] } }
agent { disable_agent_update_check: true, package_manager { pip_version: [] } }
"""


class Sandbox:
    """One sandbox in a folder of its own; `environment` is what a client needs to reach it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="glue-python-")
        self.home = self._folder.name
        self.state = os.path.join(self.home, "state")
        os.makedirs(self.state)
        self._log = open(os.path.join(self.home, "sandbox.log"), "wb")
        self._process = subprocess.Popen(
            [PROGRAM, "run", "--state-dir", self.state, "--verbose"], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        try:
            self.ready = self._wait(30)
        except BaseException:
            self.stop()
            raise
        configuration = os.path.join(self.home, "clearml.conf")
        with open(configuration, "w") as file:
            file.write(CLIENT_CONFIGURATION)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CLEARML_", "TRAINS_", "PIP_"))},
            **self.ready["environment"],
            "HOME": self.home,
            "CLEARML_CONFIG_FILE": configuration,
            # What the agent would install it finds installed; and it could not reach an index.
            "CLEARML_AGENT_SKIP_PIP_VENV_INSTALL": sys.executable,
            "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1",
            "PIP_NO_INDEX": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _wait(self, seconds: float) -> dict:
        path = os.path.join(self.state, "ready.json")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.path.exists(path):
                with open(path) as file:
                    return json.load(file)
            if self._process.poll() is not None:
                raise RuntimeError(f"{PROGRAM} ended with {self._process.returncode}: {self.log()}")
            time.sleep(0.05)
        raise TimeoutError(f"{PROGRAM} was not ready within {seconds} s: {self.log()}")

    def log(self) -> str:
        with open(os.path.join(self.home, "sandbox.log"), errors="replace") as file:
            return file.read()[-4000:]

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        self._log.close()
        self._folder.cleanup()

    def run(self, *command: str, seconds: float = 90, **more: str) -> subprocess.CompletedProcess:
        """Runs a client to its end."""
        return subprocess.run(
            command,
            cwd=self.home,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )

    def start(self, *command: str) -> subprocess.Popen:
        """Starts a client in a session of its own; its output goes to `<program>.log`."""
        log = open(os.path.join(self.home, os.path.basename(command[0]) + ".log"), "wb")
        with log:
            return subprocess.Popen(
                command, cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )


def wait_for(what: str, ask, seconds: float = 30):
    """Asks until the answer is true; returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}; the last answer was {answer!r}")
        time.sleep(0.1)
