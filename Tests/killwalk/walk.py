#!/usr/bin/env python3
"""The kill walk: glue and agent-exec are killed at every write they make, and no task is lost or run twice.

The crash points are not listed anywhere: a task runs once through recording proxies, and every write that was seen,
by glue or by an executor, becomes three points (before, after-commit, after-reply). At each the real process gets a
real SIGKILL; then pairs of kills; then SIGSTOP for as long as `--stop` says, while a second glue takes over; then the
scenarios of `scenarios.py`. What happened is judged by the tasks' own files and by the servers, never by what glue says
of itself.

    walk.py --bin DIR [--lanes 4] [--pairs 24] [--stops 8] [--stop 30] [--seed N] [--first-failure] [--only REGEX]
"""

import argparse
import asyncio
import os
import random
import re
import signal
import sys
import tempfile
import time

from lane import Failure, Lane
from proxy import POSITIONS, Strike, is_read
from scenarios import scenarios

PROGRAMS = ("glue", "agent-exec", "glue-sandbox")
# A kind of write that comes again and again (console, signs of life) is struck at its first two occurrences.
REPEATED = 2


async def record(lane):
    """One task, undisturbed: the writes of both programs, in order, each with how often it came."""
    for proxy in (lane.kube, lane.clearml):
        proxy.exchanges.clear()
    await lane.fresh_glue()
    task = await lane.enqueue("undisturbed")
    await lane.settled([task])
    if lane.runs(task) != 1 or (await lane.task(task))["status"] != "completed":
        raise Failure(f"the undisturbed task {task} ran {lane.runs(task)} times and is {await lane.task(task)}")
    points, counts = [], {}
    for exchange in lane.clearml.exchanges + lane.kube.exchanges:
        if exchange.who not in ("glue", "agent-exec") or is_read(exchange.kind):
            continue
        key = (exchange.who, exchange.kind)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= REPEATED:
            points.append((*key, counts[key]))
    return points


def arm(lane, strike):
    for proxy in (lane.kube, lane.clearml):
        proxy.strikes.append(strike)


async def round_of(lane, strikes, name):
    """One task under `strikes`, one after the other; returns what is to be said about it."""
    await lane.stop_glues()
    hit = []
    for strike in strikes:
        arm(lane, strike)
    await lane.fresh_glue()
    task = await lane.enqueue(name)
    deadline = time.monotonic() + lane.settle_seconds
    stopped_at, second = None, None
    while time.monotonic() < deadline:
        for strike in strikes:
            if strike.victim and strike not in hit:
                hit.append(strike)
                if strike.signal == signal.SIGSTOP and strike.who == "glue":
                    stopped_at, second = time.monotonic(), lane.start_glue()
                    deadline += lane.stop_seconds
        if not lane.living():
            lane.start_glue()
        if stopped_at and time.monotonic() - stopped_at >= lane.stop_seconds:
            for strike in hit:
                strike.release()
            stopped_at = None
        # A strike that is due and has not fallen yet belongs to this round, too.
        is_due = any(strike.done and strike not in hit for strike in strikes)
        if stopped_at is None and not is_due and not await lane.open_ends([task]):
            break
        await asyncio.sleep(0.2)
    lane.disarm()
    if not lane.living():
        lane.start_glue()
    for strike in hit:
        strike.release()
    if second:
        await asyncio.sleep(2)
    await lane.settled([task], min(20, lane.settle_seconds))
    if second and second.poll() is None:
        second.terminate()
    await judge(lane, task, hit)
    if not hit and len(strikes) == 1 and strikes[0].occurrence == 1:
        raise Failure("the point was not reached again")
    return bool(hit)


def kills(*strikes):
    async def run(lane, title):
        return await round_of(lane, strikes, title)

    return run


def scenario(function):
    async def run(lane, title):
        await lane.stop_glues()
        await function(lane)
        return True

    return run


async def judge(lane, task, hit):
    """Ran at most once; completed exactly once; failed only if its own executor was hit."""
    status, runs = await lane.task(task), lane.runs(task)
    if runs > 1:
        raise Failure(f"task {task} ran {runs} times")
    if status["status"] == "completed" and runs != 1:
        raise Failure(f"task {task} is completed and has not run")
    if status["status"] != "completed" and not any(strike.who == "agent-exec" for strike in hit):
        raise Failure(f"task {task} is {status['status']} ({status.get('status_message')}) although only glue was hit")
    if status["status"] == "failed" and not status.get("status_reason"):
        raise Failure(f"task {task} failed without a reason")


async def walk(options, folder):
    generator = random.Random(options.seed)
    programs = {name: os.path.join(os.path.abspath(options.bin), name) for name in PROGRAMS}
    lanes = []
    results = {"passed": 0, "failed": 0, "not reached": 0}
    failures = []
    try:
        for number in range(options.lanes):
            lane = Lane(f"lane{number}", folder, programs, None)
            lane.stop_seconds, lane.settle_seconds = options.stop, options.settle
            lanes.append(lane)
            await lane.start()
        points = await record(lanes[0])
        await lanes[0].clean()
        print(f"kill walk: seed {options.seed}, {len(points)} writes seen in one undisturbed run:", flush=True)
        for who, kind, occurrence in points:
            print(f"    {who:10} {kind} #{occurrence}")
        work = []
        for who, kind, occurrence in points:
            for position in POSITIONS:
                work.append((f"{who} {kind} #{occurrence} {position}", kills(Strike(who, kind, occurrence, position))))
        for _ in range(options.pairs):
            first, second = generator.choice(points), generator.choice(points)
            strikes = [Strike(*first, generator.choice(POSITIONS)), Strike(*second, generator.choice(POSITIONS))]
            title = " then ".join(f"{s.who} {s.kind} #{s.occurrence} {s.position}" for s in strikes)
            work.append((title, kills(*strikes)))
        work += [(f"scenario: {title}", scenario(function)) for title, function in scenarios()]
        by_glue = [p for p in points if p[0] == "glue"]
        for who, kind, occurrence in generator.sample(by_glue, min(options.stops, len(by_glue))):
            position = generator.choice(POSITIONS)
            work.append(
                (f"SIGSTOP {who} {kind} #{occurrence} {position}",
                 kills(Strike(who, kind, occurrence, position, signal=signal.SIGSTOP)))
            )
        if options.only:
            work = [(title, run) for title, run in work if re.search(options.only, title)]
        # The long ones first: the lanes end together.
        queue = list(reversed(work)) if options.stops else work
        total, done, halt = len(queue), 0, False

        async def drive(lane):
            nonlocal done, halt
            while queue and not halt:
                title, run = queue.pop(0)
                try:
                    reached = await run(lane, title)
                    lane.disarm()
                    await lane.clean()
                    results["passed" if reached else "not reached"] += 1
                except Failure as failure:
                    results["failed"] += 1
                    failures.append(f"{title}: {failure} [{lane.folder}]")
                    print(f"FAILED {title}: {failure} [{lane.folder}]", flush=True)
                    lane.disarm()
                    halt = halt or options.first_failure
                    if not halt:
                        await _renew(lane)
                done += 1
                if done % 20 == 0:
                    print(f"    {done} of {total} rounds, {results['failed']} failed", flush=True)

        await asyncio.gather(*(drive(lane) for lane in lanes))
    finally:
        for lane in lanes:
            try:
                await lane.stop()
            except Failure as failure:
                results["failed"] += 1
                failures.append(str(failure))
    return results, failures


async def _renew(lane):
    """After a failure the lane begins anew, its folder kept aside for who wants to look."""
    try:
        await lane.stop()
    except Failure:
        pass
    os.rename(lane.folder, f"{lane.folder}-failed-{time.monotonic_ns()}")
    await lane.start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, help="the folder with glue, agent-exec and glue-sandbox")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--stops", type=int, default=8)
    parser.add_argument("--stop", type=float, default=30, help="seconds between SIGSTOP and SIGCONT")
    parser.add_argument("--settle", type=float, default=45, help="seconds within which everything must come to rest")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--first-failure", action="store_true")
    parser.add_argument("--only", metavar="REGEX", help="the rounds whose titles match, and no others")
    parser.add_argument("--keep", help="keep the lanes' logs in this folder")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="killwalk-")
    started = time.monotonic()
    results, failures = asyncio.run(walk(options, folder))
    for failure in failures:
        print(failure)
    if failures:
        print(f"logs: {folder}; again with --seed {options.seed}")
    print(f"kill walk: {time.monotonic() - started:.0f} s, {results['not reached']} points not reached")
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] or not results["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
