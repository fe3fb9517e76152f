"""Input that is wrong, each with its message in the right place, its exit code, and no task lost."""

import json
import os
import socket

import servers
from bench import check, has, same
from cases import case
from ordinary import ended, git, git_script, repository


def glue_to(bench, name, url, **more):
    """A glue whose ClearML server is at `url`."""
    clearml = {"apiHost": url, **more.pop("clearml", {})}
    return bench.glue(name, [bench.served(name, bench.path("template-plain.yaml"))], clearml=clearml, **more)


def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- the ClearML server ------------------------------------------------------------------------------------------------


@case("the ClearML host cannot be reached", 75)
def unreachable(bench):
    url = f"http://127.0.0.1:{closed_port()}"
    log = glue_to(bench, "unreachable", url).ends(3, f"cannot log in to ClearML at {url}", seconds=120)
    check("trying again" in log, "it was not tried again", log)


@case("the ClearML host is a server of something else")
def wrong_host(bench):
    url = servers.serve(servers.page(404, "<html>nothing here</html>"))
    glue_to(bench, "wrong-host", url).ends(3, f"cannot log in to ClearML at {url}", "404", "check that the API host is the API server")


@case("the ClearML host is a server of something else that is pleased with everything", 75)
def web_server(bench):
    url = servers.serve(servers.page(200, "<html>welcome</html>"))
    glue_to(bench, "web-server", url).ends(3, f"cannot log in to ClearML at {url}", "unexpected answer", seconds=120)


@case("the ClearML server is older than needed")
def old_server(bench):
    url = servers.serve(servers.old_server("2.20"))
    glue_to(bench, "old-server", url).ends(3, "too old", "2.20", "2.34", "upgrade the server")


@case("keys that the ClearML server does not know")
def bad_keys(bench):
    secret = "this-is-no-key-of-that-server"
    environment = {**bench.environment, "CLEARML_API_SECRET_KEY": secret}
    log = bench.glue(
        "bad-keys", [bench.served("bad-keys", bench.path("template-plain.yaml"))], environment=environment
    ).ends(3, "cannot log in", "401", "check CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY")
    check(secret not in log, "the log has the key", log)


@case("a certificate of the ClearML server that the CA did not make")
def wrong_ca(bench):
    url = servers.serve(servers.page(200, "{}"), servers.certificate(bench.folder, "impostor"))
    for name, clearml in [("wrong-ca", {"caFile": bench.ready["ca"]}), ("no-ca", {})]:
        log = glue_to(bench, name, url, clearml=clearml).ends(3, "cannot log in to ClearML", "CN=impostor", "clearml.caFile")
        check("trying again" not in log, "it was tried again", log)


@case("an expired certificate of the ClearML server")
def expired(bench):
    authority = servers.certificate(bench.folder, "authority")
    pair = servers.certificate(bench.folder, "expired", servers.LONG_AGO, issuer=authority)
    url = servers.serve(servers.page(200, "{}"), pair)
    glue_to(bench, "expired", url, clearml={"caFile": authority[0]}).ends(3, "cannot log in to ClearML", "expired", "2020-02-01")


# --- the cluster -------------------------------------------------------------------------------------------------------


def kubeconfig(bench, name, **cluster):
    """The administrator's kubeconfig, with another cluster entry."""
    with open(bench.ready["kubeconfig"]) as file:
        config = json.load(file)
    config["clusters"][0]["cluster"].update(cluster)
    path = bench.write(f"kubeconfig-{name}", json.dumps(config))
    os.chmod(path, 0o600)
    return path


def glue_with(bench, name, path, *queues):
    return bench.glue(
        name, list(queues) or [bench.served(name, bench.path("template-plain.yaml"))],
        kubernetes={"kubeconfig": path, "namespace": "default"},
    )


@case("a CA that is not the cluster's")
def wrong_cluster_ca(bench):
    pem, _ = servers.certificate(bench.folder, "another-ca")
    path = kubeconfig(bench, "wrong-ca", **{"certificate-authority": pem})
    glue_with(bench, "wrong-cluster-ca", path).ends(3, f"cannot reach Kubernetes at {bench.ready['kubeURL']}", "glue-sandbox")


@case("an expired certificate of the cluster")
def expired_cluster(bench):
    authority = servers.certificate(bench.folder, "cluster-authority")
    pair = servers.certificate(bench.folder, "expired-cluster", servers.LONG_AGO, issuer=authority)
    url = servers.serve(servers.page(200, "{}"), pair)
    path = kubeconfig(bench, "expired", **{"server": url, "certificate-authority": authority[0]})
    glue_with(bench, "expired-cluster", path).ends(3, f"cannot reach Kubernetes at {url}", "expired", "2020-02-01")


@case("a CA in the kubeconfig that has expired itself")
def expired_cluster_ca(bench):
    pem, _ = servers.certificate(bench.folder, "expired-ca", servers.LONG_AGO)
    path = kubeconfig(bench, "expired-ca", **{"certificate-authority": pem})
    glue_with(bench, "expired-cluster-ca", path).ends(2, path, "CN=expired-ca", "expired on 2020-02-01")


@case("a cluster that cannot be reached", 75)
def no_cluster(bench):
    url = f"https://127.0.0.1:{closed_port()}"
    path = kubeconfig(bench, "nowhere", server=url)
    glue_with(bench, "no-cluster", path).ends(3, f"cannot reach Kubernetes at {url}", seconds=120)


@case("a token without any right")
def no_rights(bench):
    with open(bench.ready["kubeconfig"]) as file:
        config = json.load(file)
    config["users"][0]["user"]["token"] = bench.ready["viewerToken"]
    path = bench.write("kubeconfig-viewer", json.dumps(config))
    glue_with(bench, "no-rights", path).ends(3, "forbidden", "get", "namespaces", "kube-system")


@case("a token that the cluster does not know")
def wrong_token(bench):
    with open(bench.ready["kubeconfig"]) as file:
        config = json.load(file)
    config["users"][0]["user"]["token"] = "not-a-token-of-this-cluster"
    path = bench.write("kubeconfig-wrong-token", json.dumps(config))
    log = glue_with(bench, "wrong-token", path).ends(3, "401")
    check("not-a-token-of-this-cluster" not in log, "the log has the token", log)


@case("a token that may not list pods: which verb, which resource, which namespace")
def no_list(bench):
    path = os.path.join(bench.state, "kubeconfig-without-list-pods")
    glue_with(bench, "no-list", path).ends(3, "does not allow `list` on `pods` in namespace `default`")


@case("a token that may not create Jobs: said, and the task stays in its queue", 15)
def no_create(bench):
    path = os.path.join(bench.state, "kubeconfig-without-create-jobs")
    task = bench.task("no create", "echo at last\n", queue="no-create")
    queue = bench.served("no-create", bench.path("template-plain.yaml"))
    glue_with(bench, "no-create", path, queue).ends(3, "does not allow `create` on `jobs.batch` in namespace `default`")
    same("the queue", bench.entries("no-create"), [task.id])
    same("status", task.now["status"], "queued")
    # With the right it runs.
    glue = bench.glue("no-create", [queue], file="may-create").ready()
    task.ends("completed", "worker execution done", runs=1, console=["at last"])
    glue.finish()


@case("a kubeconfig that is not there")
def no_kubeconfig(bench):
    path = bench.path("no-such-kubeconfig")
    glue_with(bench, "no-kubeconfig", path).ends(2, path)


# --- the configuration -------------------------------------------------------------------------------------------------


@case("a configuration that is not there")
def no_configuration(bench):
    glue = bench.raw_glue("gone", "release: gone\n")
    glue.process.wait(30)
    os.remove(glue.config)
    glue.start().ends(2, glue.config)


BAD_CONFIGURATION = """\
release: Not_A_Name
clearml:
  apiHost: ftp://somewhere
kubernets: {}
queues:
  - name: one
    template: no-such-template.yaml
    maxJobs: 0
    pendingTimeout: soon
  - template: bad-template.yaml
timing:
  pollInterval: 1
logging: {level: loud}
"""
BAD_TEMPLATE = """\
apiVersion: v1
kind: Pod
spec:
  restartPolicy: Always
  containers:
    - name: task
      comand: [sleep]
      image: "${task.nonsense}"
"""


@case("a configuration and a template full of faults: all at once, each with its place")
def bad_configuration(bench):
    bench.write("bad-template.yaml", BAD_TEMPLATE)
    log = bench.raw_glue("bad", BAD_CONFIGURATION).ends(
        2, "bad.yaml:1:10: release:", "bad.yaml:3:12: clearml.apiHost:", "bad.yaml:4:1:", "unknown key `kubernets`",
        "kubernetes", "no-such-template.yaml", "bad.yaml:8:14: queues[0].maxJobs: 0 is out of range",
        "bad.yaml:9:21: queues[0].pendingTimeout: `soon` is no duration", "queues[1].name: is missing",
        "bad.yaml:12:17: timing.pollInterval:", "bad.yaml:13:18: logging.level:", "bad-template.yaml:4:18:",
        "bad-template.yaml:7:7:", "`comand`", "bad-template.yaml:8:14:", "nonsense",
    )
    check("cannot log in" not in log, "it went on in spite of them", log)


@case("a configuration that is no YAML")
def no_yaml(bench):
    bench.raw_glue("no-yaml", "queues: [\n  {name: x\n").ends(2, "no-yaml.yaml:")


@case("a command line that is wrong")
def bad_arguments(bench):
    glue = bench.raw_glue("arguments", "release: x\n", options=["--dance"])
    glue.ends(2, "--dance")


# --- the executor ------------------------------------------------------------------------------------------------------


def executor(bench, **more):
    return {"environment": {"GLUE_POLL_SECONDS": "0.5", "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1"}, **more}


@case("a Secret with credentials that is not there", 20)
def no_secret(bench):
    queue = bench.served("no-secret", bench.path("template-plain.yaml"), pendingTimeout="3s")
    glue = bench.glue("no-secret", [queue], executor=executor(bench, credentialsSecret="no-such-secret")).ready()
    bench.task("no secret", queue="no-secret").ends(
        "failed", "configuration", "container `task` cannot be configured", "no-such-secret", jobs=[], pods=[], runs=0,
        console=["no-such-secret"],
    )
    glue.finish()


@case("an executor's path that the image does not have", 15)
def no_executor(bench):
    path = "/opt/glue/bin/no-such-program"
    glue = bench.glue("no-executor", [bench.served("no-executor", bench.path("template-plain.yaml"))], executor=executor(bench, path=path))
    bench.task("no executor", queue="no-executor").ends(
        "failed", "start failure", "could not be started", path, "executor.path", runs=0, console=["could not be started"]
    )
    glue.finish()


@case("keys in the Secret that the ClearML server does not know", 20)
def wrong_secret(bench):
    keys = {"CLEARML_API_ACCESS_KEY": "NOBODY", "CLEARML_API_SECRET_KEY": "not-a-secret"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wrong-keys"}, "stringData": keys}
    bench.cluster.call("POST", "/api/v1/namespaces/default/secrets", secret)
    queue = bench.served("wrong-secret", bench.path("template-plain.yaml"), retries={"beforeStart": 1, "afterStart": 0})
    glue = bench.glue("wrong-secret", [queue], executor=executor(bench, credentialsSecret="wrong-keys"))
    task = bench.task("wrong keys", queue="wrong-secret")
    task.ends(
        "failed", None, "check CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY", runs=0, console=["attempt 1 was lost", "401"]
    )
    check("not-a-secret" not in task.console, "the console has the key", task.console)
    glue.finish()


# --- the task's code ---------------------------------------------------------------------------------------------------

FETCH = dict(**ended(66), runs=0)


@case("a git URL that asks for credentials", 15)
def git_credentials(bench):
    url = servers.serve(servers.page(401, "", **{"WWW-Authenticate": 'Basic realm="code"'}))
    bench.task("git credentials", script=git_script(f"{url}/team/code.git", None)).ends(
        "failed", "cannot fetch the code: the host `127.0.0.1` asks for credentials", **FETCH,
        console=["asks for credentials", "CLEARML_AGENT_GIT_USER"],
    )


@case("a git host that refuses the connection", 15)
def git_unreachable(bench):
    url = f"http://127.0.0.1:{closed_port()}/team/code.git"
    found = bench.task("git unreachable", script=git_script(url, None)).ends(
        "failed", None, **FETCH, console=["cannot be reached", "network policy"]
    )
    has("status_reason", found["status_reason"], "cannot fetch the code: the host", "cannot be reached")


@case("a repository that does not exist", 15)
def git_missing(bench):
    url = "file:///srv/flows/no-such-repository"
    bench.task("git missing", script=git_script(url, None)).ends(
        "failed", f"cannot fetch the code: the repository `{url}` does not exist", **FETCH, console=["check `script.repository`"]
    )


@case("a commit that does not exist", 15)
def git_commit(bench):
    path, _ = repository(bench, "commit-missing")
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = bench.task("git commit", script=git_script(f"file://{path}", commit)).ends(
        "failed", None, **FETCH, console=[commit, "push it"]
    )
    has("status_reason", found["status_reason"], commit, "does not exist", path)


BAD_CHANGE = """\
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import os, sys
 print('another line than there is')
-print('first state')
+print('changed state')
"""


@case("uncommitted changes that do not apply", 15)
def git_changes(bench):
    path, commit = repository(bench, "changes-refused")
    bench.task("git changes", script=git_script(f"file://{path}", commit, diff=BAD_CHANGE)).ends(
        "failed", "the uncommitted changes do not apply: `train.py` at line 1", **FETCH, console=["do not apply", "clean or pushed state"]
    )


@case("an entry point that is not in the repository", 15)
def no_entry_point(bench):
    path, commit = repository(bench, "entry-missing")
    found = bench.task("no entry point", script=git_script(f"file://{path}", commit, entry_point="nowhere.py")).ends(
        "failed", None, **FETCH, console=["check `script.entry_point`"]
    )
    has("status_reason", found["status_reason"], "`nowhere.py` does not exist")


@case("a task that has nothing to run")
def nothing_to_run(bench):
    script = {"diff": "", "entry_point": "", "repository": ""}
    bench.task("nothing to run", record=False, script=script).ends("failed", "the task has nothing to run", **FETCH)


@case("a shell that the image does not have")
def no_shell(bench):
    found = bench.task("no shell", script={"binary": "/bin/no-such-shell"}).ends("failed", None, runs=0, console=["no-such-shell"])
    has("status_reason", found["status_reason"], "no-such-shell")


@case("a requirement that does not exist", 45)
def no_requirement(bench):
    index = servers.serve(servers.page(404, "<html>no such package</html>"))
    arguments = f"-e PIP_INDEX_URL={index}/simple -e CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=0"
    found = bench.task(
        "requirement", record=False, arguments=arguments,
        script={
            "binary": "python3", "entry_point": "main.py", "diff": "print('never')\n",
            "requirements": {"pip": "no-such-package-of-flows==1.2.3"},
        },
    ).ends("failed", None, **ended(65), runs=0, console=["of the task's packages", "no-such-package-of-flows"], seconds=120)
    has("status_reason", found["status_reason"], "cannot install the requirement `no-such-package-of-flows")


@case("no space left for the task's code", 20)
def no_space(bench):
    full = bench.tmpfs("full", "64k")
    path, _ = repository(bench, "big")
    with open(os.path.join(bench.shared, "big", "data"), "wb") as file:
        file.write(os.urandom(1 << 20))
    git(os.path.join(bench.shared, "big"), "add", "data")
    git(os.path.join(bench.shared, "big"), "commit", "-qm", "two")
    commit = git(os.path.join(bench.shared, "big"), "rev-parse", "HEAD")
    arguments = "-e TMPDIR=/srv/flows/full"
    found = bench.task("no space", script=git_script(f"file://{path}", commit), arguments=arguments).ends(
        "failed", None, **ended(71), runs=0, console=["no space left on the disk", "ephemeral storage"]
    )
    has("status_reason", found["status_reason"], "no space left on the disk for the code")
    same("the volume that was full", os.path.ismount(full), True)
