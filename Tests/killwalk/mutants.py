#!/usr/bin/env python3
"""Takes the safeguards of a claim out, one at a time: the kill walk must notice each.

The sources are copied to a cache outside the clone, where every mutant is an incremental build. The rounds that must
catch a mutant run on the code as it is, too, and must pass there.

    mutants.py [--only REGEX] [--sandbox FILE]

A mutant is an exact piece of text, found exactly once: one that no longer fits the code is an error, not a pass.
"""

import argparse
import concurrent.futures
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PRODUCTS = ("glue", "agent-exec")
WALK_SECONDS = 240
# What is lost stays lost: recovery takes some 10 s for what it heals, here.
ONE_ROUND = ["--lanes", "1", "--settle", "20"]


@dataclass
class Mutant:
    """What is taken out, where, and which rounds must notice, with which words."""

    name: str
    product: str
    rounds: str
    because: str
    edits: list


INTAKE = "Sources/Glue/Intake/Intake.swift"
CLAIMS = "Sources/Glue/Intake/ClaimWriter.swift"
JOBS = "Sources/Glue/Reconcile/JobWriter.swift"
ADD_TOKEN = "        _ = try await server.addToQueue(pendingQueue, task: job.task, updateExecutionQueue: true)\n"
CONDITIONS = "DeleteOptions(uid: job.uid, resourceVersion: job.resourceVersion, propagation: .background)"

MUTANTS = [
    Mutant(
        "no token", "agent-exec", "twin executor, tasks.dequeue in_progress delayed, then lost", "ran 2 times",
        [(
            "Sources/AgentExec/Gate/GateMachine.swift",
            "if view.claim == claim { return go(.taking, .take(after: .zero), now) }",
            "if view.claim == claim { return go(.readingAgain, .read(after: .zero), now) }",
        )],
    ),
    Mutant(
        "delete without preconditions", "glue", "a stale view of a Job that was let go", "although only glue was hit",
        [(JOBS, CONDITIONS, "DeleteOptions(propagation: .background)")],
    ),
    Mutant(
        "a lost pop deletes the Job", "glue", "a pop that comes late", "although only glue was hit",
        [
            (JOBS, CONDITIONS, "DeleteOptions(propagation: .background)"),
            (
                INTAKE,
                "        guard let record = try await server.task(job.task) else { return try await jobs.deleteHeld(job) }\n"
                "        let facts = TaskFacts(record)\n"
                "        if let claim = facts.claim, claim != job.claim, facts.enqueue == job.enqueue "
                "{ try await jobs.deleteHeld(job) }\n",
                "        try await jobs.deleteHeld(job)\n",
            ),
        ],
    ),
    Mutant(
        "token before claim", "glue", "Job removed by hand before it was let go", "not settled",
        [
            (CLAIMS, ADD_TOKEN, ""),
            (CLAIMS, "        if facts.claim != job.claim {\n", ADD_TOKEN + "        if facts.claim != job.claim {\n"),
        ],
    ),
    Mutant(
        "finalizer off early", "glue", "Job deleted by hand after its executor died", "exit code 137 was lost",
        [(
            "Sources/Glue/Reconcile/Actuator.swift",
            "case .report(let job, let ending): try await",
            "case .report(let job, let ending):\n            try await jobs.letGo(job)\n            try await",
        )],
    ),
    Mutant(
        "adopting a finished Job", "glue", "a finished Job of that very name", "a finished Job was adopted",
        [(JOBS, "if facts.condition != .none { return .foreign(\"the Job `\\(name)` has already ended\") }\n", "\n")],
    ),
    Mutant(
        "pop before Job", "glue", r"^glue POST \S+/jobs #1 before$", "not settled",
        [
            (
                INTAKE,
                "            guard try await server.removeFromQueue(candidate.queue.id, task: candidate.task) else {\n"
                "                try await lost(job, log)\n"
                "                return false\n"
                "            }\n",
                "",
            ),
            (
                INTAKE,
                "        let creation: JobWriter.Creation\n",
                "        guard try await server.removeFromQueue(candidate.queue.id, task: candidate.task) else "
                "{ return false }\n"
                "        let creation: JobWriter.Creation\n",
            ),
        ],
    ),
]


class Rotten(Exception):
    """A mutant no longer fits the code, or does not build."""


class Copy:
    """The tracked sources in the cache, and their builds. One user at a time."""

    def __init__(self):
        cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "clearml-glue")
        version = subprocess.run(["swift", "--version"], capture_output=True, check=True).stdout
        with open(os.path.join(ROOT, "Package.swift"), "rb") as file:
            key = hashlib.sha256(version + file.read()).hexdigest()[:12]
        self.folder = os.path.join(cache, f"mutants-{key}")
        self.sources, self.scratch = os.path.join(self.folder, "sources"), os.path.join(self.folder, "build")
        os.makedirs(self.sources, exist_ok=True)
        self.lock = open(os.path.join(self.folder, "lock"), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)

    def refresh(self):
        """As in the clone. What is the same already is not written: the builds stay incremental."""
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--", "Package.swift", "Package.resolved", "Sources", "Tests"],
            cwd=ROOT, capture_output=True, check=True)
        names = {name for name in listing.stdout.decode().split("\0") if os.path.isfile(os.path.join(ROOT, name))}
        for name in names:
            with open(os.path.join(ROOT, name), "rb") as file:
                self.write(name, file.read())
        for folder, _, files in os.walk(self.sources):
            for file in files:
                path = os.path.join(folder, file)
                if os.path.relpath(path, self.sources) not in names:
                    os.remove(path)

    def read(self, name):
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, content):
        path = os.path.join(self.sources, name)
        try:
            with open(path, "rb") as file:
                if file.read() == content:
                    return
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def build(self, product):
        command = [
            "swift", "build", "--package-path", self.sources, "--scratch-path", self.scratch, "--product", product]
        log = os.path.join(self.folder, "build.log")
        with open(log, "wb") as file:
            if subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode != 0:
                with open(log, errors="replace") as text:
                    raise Rotten(f"{product} does not build:\n{text.read()[-3000:]}")
        return os.path.join(self.scratch, "debug", product)


def mutated(copy, mutant):
    """The files of a mutant as they become."""
    files = {}
    for name, old, new in mutant.edits:
        text = files.get(name) or copy.read(name)
        if text.count(old) != 1:
            raise Rotten(f"{name} has {text.count(old)} times, not once:\n{old}")
        files[name] = text.replace(old, new)
    return files


def walk(bin_folder, rounds, keep, more):
    """Runs the rounds; returns the exit status and what was said."""
    shutil.rmtree(keep, ignore_errors=True)
    command = [
        sys.executable, os.path.join(HERE, "walk.py"), "--bin", bin_folder, "--keep", keep, "--first-failure",
        "--only", rounds, "--pairs", "0", "--stops", "0", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said, _ = process.communicate(timeout=WALK_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            said, _ = process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        said += f"\nended after {WALK_SECONDS} s"
    return process.returncode, said


def judge_code(status, said):
    if status == 0:
        return True, "the rounds pass"
    return False, said[-4000:]


def judge_mutant(mutant, status, said):
    """Caught means: a round failed, one of those that must, and for the reason that it must."""
    found = re.search(r"^FAILED (?:scenario: )?(.*)$", said, re.MULTILINE)
    if status == 0:
        return False, "SURVIVED"
    if not found or not re.search(mutant.because, found[1]):
        return False, f"SURVIVED (failed, but not with `{mutant.because}`):\n{said[-4000:]}"
    return True, f"caught: {found[1].rsplit(' [', 1)[0][:300]}"


def programs(copy, name, built, sandbox):
    """A folder with the three programs, `built` among them."""
    folder = os.path.join(copy.folder, "bin", re.sub(r"\W+", "-", name))
    os.makedirs(folder, exist_ok=True)
    for program, source in {**built, "glue-sandbox": sandbox}.items():
        shutil.copy(source, os.path.join(folder, program))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", metavar="REGEX", default="", help="the mutants whose names match")
    parser.add_argument("--sandbox", default=os.path.join(ROOT, ".build", "bin", "glue-sandbox"))
    options = parser.parse_args()
    chosen = [m for m in MUTANTS if re.search(options.only, m.name)]
    if not chosen:
        parser.error(f"no such mutant; there are: {', '.join(m.name for m in MUTANTS)}")
    if not os.access(options.sandbox, os.X_OK):
        parser.error(f"no glue-sandbox at {options.sandbox}: build it (make build), or name it with --sandbox")
    started = time.monotonic()
    results = []

    def report(name, good, text, since):
        results.append(good)
        print(f"{'ok    ' if good else 'FAILED'} {name:30} {time.monotonic() - since:4.0f} s  {text}", flush=True)

    def run(name, folder, rounds, more, judge, *arguments):
        since = time.monotonic()
        status, said = walk(folder, rounds, os.path.join(copy.folder, "walks", os.path.basename(folder)), more)
        report(name, *judge(*arguments, status, said), since)

    copy = Copy()
    copy.refresh()
    # One walk at a time, beside the build of the next mutant.
    with concurrent.futures.ThreadPoolExecutor(1) as walks:
        pending = []
        original = {}
        for product in PRODUCTS:
            kept = os.path.join(copy.folder, f"{product}.original")
            shutil.copy(copy.build(product), kept)
            original[product] = kept
        folder = programs(copy, "the code as it is", original, options.sandbox)
        rounds = "|".join(f"(?:{m.rounds})" for m in chosen)
        pending.append(walks.submit(run, "the code as it is", folder, rounds, ["--lanes", "3"], judge_code))
        for mutant in chosen:
            since = time.monotonic()
            try:
                files = mutated(copy, mutant)
                for name, text in files.items():
                    copy.write(name, text.encode())
                try:
                    built = {**original, mutant.product: copy.build(mutant.product)}
                    folder = programs(copy, mutant.name, built, options.sandbox)
                finally:
                    for name in files:
                        copy.write(name, copy.read(name).encode())
            except Rotten as error:
                report(mutant.name, False, str(error), since)
                continue
            pending.append(walks.submit(run, mutant.name, folder, mutant.rounds, ONE_ROUND, judge_mutant, mutant))
        for walked in pending:
            walked.result()
    shutil.rmtree(os.path.join(copy.folder, "bin"), ignore_errors=True)
    print(f"mutants: {time.monotonic() - started:.0f} s; the walks' logs: {copy.folder}/walks")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
