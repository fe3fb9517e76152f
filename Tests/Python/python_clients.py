#!/usr/bin/env python3
"""The stock ClearML SDK and agent against a running sandbox. scripts/test-python-clients runs this."""

import os
import signal
import subprocess
import sys
import unittest

import sandbox as sandboxes

sandbox = sandboxes.Sandbox()
# Before the SDK is imported: it reads its configuration then.
os.environ.update(sandbox.environment)

from clearml import Task  # noqa: E402
from clearml.backend_api.session.client import APIClient  # noqa: E402
from clearml.backend_api.session.client.client import APIError  # noqa: E402

AGENT = os.path.join(os.path.dirname(sys.executable), "clearml-agent")

EXPERIMENT = """
from clearml import OutputModel, Task
task = Task.init(project_name="python/clients", task_name="experiment", auto_resource_monitoring=False, output_uri=True)
parameters = task.connect({"lr": 0.1, "steps": 3, "name": "x"})
task.set_tags(["one", "two"])
logger = task.get_logger()
for step in range(parameters["steps"]):
    logger.report_scalar("loss", "train", value=1.0 / (step + 1), iteration=step)
logger.report_single_value("accuracy", 0.75)
logger.report_text("reported text")
print("printed line")
task.upload_artifact("result", artifact_object={"a": 1}, wait_on_upload=True)
task.connect_configuration({"layers": [1, 2]}, name="net")
logger.report_histogram("weights", "layer", values=[1.0, 2.0], iteration=1)
with open("weights.bin", "wb") as file:
    file.write(bytes(range(256)))
model = OutputModel(task=task, name="weights", framework="PyTorch", label_enumeration={"cat": 1})
model.update_weights("weights.bin", auto_delete_file=False)
task.close()
print("TASK", task.id)
"""

REMOTE = """
from clearml import Task
task = Task.init(project_name="python/clients", task_name="remote", auto_resource_monitoring=False)
parameters = task.connect({"where": "here"})
print("before, " + parameters["where"])
task.execute_remotely(queue_name="default", exit_process=True)
print("after, " + parameters["where"])
"""


def api() -> APIClient:
    return APIClient()


def script_task(name: str, code: str, **more) -> Task:
    """A task that is one literal script, as the web page's clone of a notebook would be."""
    task = Task.create(project_name="python/agent", task_name=name, task_type="training", add_task_init_call=False, **more)
    api().tasks.edit(
        task=task.id,
        script={"binary": "python3", "repository": "", "entry_point": "main.py", "working_dir": ".", "diff": code, "requirements": {}},
    )
    return task


def reason(task: Task) -> str:
    """`get_status` reads the status alone."""
    task.reload()
    return task.data.status_reason


def console(task_id: str) -> str:
    events = api().events.get_task_log(task=task_id, order="asc", batch_size=10000).events
    return "\n".join(event["msg"] for event in events)


class SDK(unittest.TestCase):
    """clearml 2.1.12 outside an agent."""

    @classmethod
    def setUpClass(cls):
        script = os.path.join(sandbox.home, "experiment.py")
        with open(script, "w") as file:
            file.write(EXPERIMENT)
        cls.ran = sandbox.run(sys.executable, script)
        ids = [line.split()[1] for line in cls.ran.stdout.splitlines() if line.startswith("TASK ")]
        cls.id = ids[0] if ids else None

    def setUp(self):
        self.assertEqual(self.ran.returncode, 0, self.ran.stdout)
        self.assertIsNotNone(self.id, self.ran.stdout)
        self.task = Task.get_task(task_id=self.id)

    def test_the_experiment_is_completed(self):
        self.assertEqual(self.task.get_status(), "completed")
        self.assertEqual(reason(self.task), "completed")
        self.assertEqual(self.task.get_project_name(), "python/clients")
        self.assertEqual(sorted(self.task.get_tags()), ["one", "two"])

    def test_connected_parameters_come_back_with_their_types(self):
        self.assertEqual(self.task.get_parameters(), {"General/lr": "0.1", "General/steps": "3", "General/name": "x"})
        self.assertEqual(self.task.get_parameters(cast=True), {"General/lr": 0.1, "General/steps": 3, "General/name": "x"})

    def test_scalars_come_back_as_curves(self):
        curve = self.task.get_reported_scalars()["loss"]["train"]
        self.assertEqual(curve["x"], [0, 1, 2])
        for got, expected in zip(curve["y"], [1, 1 / 2, 1 / 3]):
            self.assertAlmostEqual(got, expected)
        self.assertAlmostEqual(self.task.get_last_scalar_metrics()["loss"]["train"]["last"], 1 / 3)
        self.assertEqual(self.task.get_last_iteration(), 2)

    def test_single_values_come_back(self):
        self.assertEqual(self.task.get_reported_single_values(), {"accuracy": 0.75})

    def test_console_comes_back(self):
        text = "".join(self.task.get_reported_console_output(number_of_reports=100))
        self.assertIn("printed line", text)
        self.assertIn("reported text", text)

    def test_an_uploaded_artifact_is_downloaded_again(self):
        artifact = self.task.artifacts["result"]
        self.assertTrue(artifact.url.startswith(sandbox.ready["filesURL"]), artifact.url)
        self.assertEqual(artifact.get(force_download=True), {"a": 1})

    def test_a_configuration_and_a_plot_come_back(self):
        self.assertEqual(self.task.get_configuration_object_as_dict("net"), {"layers": [1, 2]})
        plots = self.task.get_reported_plots()
        self.assertEqual([(plot["metric"], plot["variant"]) for plot in plots], [("weights", "layer")])

    def test_an_output_model_is_registered_and_downloaded_again(self):
        model = self.task.get_models()["output"][-1]
        self.assertEqual((model.name, model.framework, model.labels), ("weights", "PyTorch", {"cat": 1}))
        self.assertTrue(model.url.startswith(sandbox.ready["filesURL"]), model.url)
        with open(model.get_local_copy(force_download=True), "rb") as file:
            self.assertEqual(file.read(), bytes(range(256)))

    def test_a_task_is_found_by_project_name_and_tags(self):
        self.assertEqual(Task.get_task(project_name="python/clients", task_name="experiment").id, self.id)
        found = Task.get_tasks(project_name="python/clients", tags=["one"], task_filter={"status": ["completed"]})
        self.assertEqual([task.id for task in found], [self.id])
        self.assertEqual(Task.get_tasks(project_name="python/clients", tags=["three"]), [])

    def test_a_clone_is_enqueued_with_other_parameters_and_dequeued(self):
        clone = Task.clone(source_task=self.task, name="cloned")
        clone.set_parameter("General/lr", 0.5)
        queue = api().queues.get_default().id
        Task.enqueue(clone, queue_id=queue)
        self.assertEqual(clone.get_status(), "queued")
        entries = api().queues.get_by_id(queue=queue).entries
        self.assertIn(clone.id, [entry.task for entry in entries])
        self.assertEqual(Task.get_task(task_id=clone.id).get_parameters()["General/lr"], "0.5")
        Task.dequeue(clone)
        self.assertEqual(clone.get_status(), "created")
        self.assertEqual(clone.artifacts, {})

    def test_a_task_is_made_and_walks_through_its_states(self):
        task = script_task("states", "print(1)\n")
        self.assertEqual(task.get_status(), "created")
        task.mark_started(force=True)
        self.assertEqual(task.get_status(), "in_progress")
        task.mark_failed(status_reason="because", force=True)
        self.assertEqual(task.get_status(), "failed")
        self.assertEqual(reason(task), "because")
        task.reset(force=True)
        self.assertEqual(task.get_status(), "created")
        task.mark_started(force=True)
        task.mark_completed(force=True)
        task.publish()
        self.assertEqual(task.get_status(), "published")

    def test_a_deleted_task_is_gone(self):
        task = script_task("deleted", "print(1)\n")
        self.assertTrue(task.delete(raise_on_error=True))
        with self.assertRaises(APIError) as refused:
            api().tasks.get_by_id(task=task.id)
        self.assertEqual((refused.exception.code, refused.exception.subcode), (400, 101))


class Agent(unittest.TestCase):
    """clearml-agent 3.0.3."""

    def execute(self, task: Task) -> subprocess.CompletedProcess:
        return sandbox.run(AGENT, "execute", "--id", task.id, seconds=120)

    def test_a_script_that_ends_well_is_completed(self):
        task = script_task("good", "print('it ' + 'works')\n")
        ran = self.execute(task)
        self.assertEqual(task.get_status(), "completed", ran.stdout)
        self.assertEqual(reason(task), "worker execution done")
        self.assertIn("it works", console(task.id))
        self.assertIn("Process completed successfully", console(task.id))

    def test_a_script_sees_its_parameters_and_reports_through_the_sdk(self):
        code = (
            "from clearml import Task\n"
            "task = Task.init(auto_resource_monitoring=False)\n"
            "print('lr is', task.connect({'lr': 0.1})['lr'])\n"
            "task.get_logger().report_scalar('loss', 'train', value=0.25, iteration=7)\n"
        )
        task = script_task("parameters", code)
        task.set_parameter("General/lr", 0.5)
        ran = self.execute(task)
        self.assertEqual(task.get_status(), "completed", ran.stdout)
        self.assertIn("lr is 0.5", console(task.id))
        self.assertEqual(task.get_reported_scalars()["loss"]["train"], {"name": "train", "x": [7], "y": [0.25]})

    def test_a_script_that_fails_is_failed_with_its_exit_code(self):
        task = script_task("bad", "import sys\nsys.exit(3)\n")
        ran = self.execute(task)
        self.assertEqual(task.get_status(), "failed", ran.stdout)
        self.assertEqual(reason(task), "worker execution exit code 3")
        self.assertIn("Process failed, exit code 3", console(task.id))

    def test_an_abort_from_the_web_page_ends_the_script(self):
        task = script_task("long", "import time\nprint('runs now', flush=True)\ntime.sleep(300)\n")
        # Being enqueued takes the tag "development" off, whose tasks an abort stops without asking anybody.
        api().tasks.enqueue(task=task.id, queue=api().queues.get_default().id)
        agent = sandbox.start(AGENT, "execute", "--full-monitoring", "--require-queue", "--id", task.id)
        try:
            sandboxes.wait_for("the script's first line", lambda: "runs now" in console(task.id), 60)
            api().tasks.stop(task=task.id)
            self.assertEqual(task.get_status(), "in_progress")
            task.reload()
            self.assertEqual(task.data.status_message, "stopping")
            sandboxes.wait_for("the task to be stopped", lambda: task.get_status() == "stopped", 60)
            agent.wait(30)
        finally:
            if agent.poll() is None:
                os.killpg(agent.pid, signal.SIGKILL)
                agent.wait()
        self.assertEqual(reason(task), "task was stopped by tasks.stop")
        self.assertIn("User aborted: stopping task", console(task.id))

    def test_a_script_that_sends_itself_away_is_run_by_the_agent(self):
        script = os.path.join(sandbox.home, "remote.py")
        with open(script, "w") as file:
            file.write(REMOTE)
        here = sandbox.run(sys.executable, script)
        self.assertEqual(here.returncode, 0, here.stdout)
        self.assertIn("before, here", here.stdout)
        self.assertNotIn("after, here", here.stdout)
        task = Task.get_task(project_name="python/clients", task_name="remote")
        self.assertEqual(task.get_status(), "queued")
        where = {"section": "General", "name": "where", "value": "there"}
        api().tasks.edit_hyper_params(task=task.id, hyperparams=[where], force=True)
        ran = self.execute(task)
        self.assertEqual(task.get_status(), "completed", ran.stdout)
        self.assertIn("after, there", console(task.id))

    def test_a_daemon_pulls_from_its_queue_and_is_seen_as_a_worker(self):
        queue = api().queues.create(name="python agents").id
        task = script_task("pulled", "print('pulled and run')\n")
        api().tasks.enqueue(task=task.id, queue=queue)
        agent = sandbox.start(AGENT, "daemon", "--queue", "python agents", "--foreground", "--cpu-only")
        try:
            sandboxes.wait_for("the task to be completed", lambda: task.get_status() == "completed", 90)
            workers = api().workers.get_all()
            self.assertIn(queue, [entry.id for worker in workers for entry in worker.queues])
        finally:
            os.killpg(agent.pid, signal.SIGTERM)
            try:
                agent.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(agent.pid, signal.SIGKILL)
                agent.wait()
        self.assertEqual(api().queues.get_num_entries(queue=queue).num, 0)
        self.assertIn("pulled and run", console(task.id))


def main() -> int:
    try:
        program = unittest.main(exit=False, verbosity=2)
    finally:
        sandbox.stop()
    bad = len(program.result.failures) + len(program.result.errors)
    print(f"{max(0, program.result.testsRun - bad)} passed, {bad} failed", flush=True)
    return 0 if program.result.wasSuccessful() and program.result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
