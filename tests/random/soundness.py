#!/usr/bin/env python3
"""Random projects under random changes: what refit leaves on disk is always what a clean build would make, and it
executes exactly what was never executed before with this store.

    PYTHONPATH=tests/e2e python3 tests/random/soundness.py --sequences 100         chance decides; the seed is printed
    PYTHONPATH=tests/e2e python3 tests/random/soundness.py --seed 7 --sequences 1  the same again

A sequence is a project of 5 to 15 stages and a number of steps; a step changes a few things, then runs refit in one of
many ways (sequence.py). forecast.py predicts each run from what is on disk and the keys executed before; judging.py
compares. A sequence that fails is made smaller, first by steps, then by stages, and printed as a shell script. The
program is $REFIT; the folders are made in $TMPDIR, or in memory (/dev/shm).
"""
import argparse
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
from sequence import Sequence  # noqa: E402


def attempt(seed, steps, dropped=(), clean=True):
    """The error, or None; the script; the counts; the stages that it began with."""
    sequence = Sequence(seed, dropped)
    error, reached = None, []
    try:
        for number in steps:
            reached.append(number)
            sequence.step(number)
        if clean:
            sequence.check_clean()
    except AssertionError as fault:
        error = str(fault)
        last = harness.calls[-1].describe() if harness.calls else ""
        sequence.script += [f"# {line}" for line in f"FAILS: {error}\n{last}".splitlines()]
    finally:
        sequence.finish()
    return error, sequence.script, sequence.counts, sequence.names, reached


def shrink(seed, steps, limit_s):
    """Fewer steps, then fewer stages, as long as something fails."""
    deadline, dropped = time.monotonic() + limit_s, []
    best = attempt(seed, steps)
    size = max(1, len(steps) // 2)
    while best[0] and size >= 1 and time.monotonic() < deadline:
        at = 0
        while at < len(steps) and time.monotonic() < deadline:
            fewer = steps[:at] + steps[at + size:]
            trial = attempt(seed, fewer)
            if trial[0]:
                steps, best = [number for number in fewer if number in trial[4]], trial
            else:
                at += size
        size //= 2
    for name in best[3]:
        if time.monotonic() > deadline:
            break
        trial = attempt(seed, steps, [*dropped, name])
        if trial[0]:
            dropped, best = [*dropped, name], trial
    return best, steps, dropped


def show(seed, result, dropped, limit_s):
    error, script, _, _, reached = result
    print(f"seed {seed} fails at step {reached[-1] if reached else '-'}: {error}", flush=True)
    if limit_s > 0:
        (smaller, less, *_), steps, fewer = shrink(seed, reached, limit_s)
        if smaller:
            error, script, reached, dropped = smaller, less, steps, fewer
    print("\n".join(script))
    print(f"again: soundness.py --seed {seed} --sequences 1 --only {','.join(map(str, reached))}"
          + (f" --without {','.join(dropped)}" if dropped else ""))
    print(error, flush=True)


def main():
    options = parse_arguments()
    if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK):
        os.environ["TMPDIR"] = "/dev/shm"
    first = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {first}", flush=True)
    dropped = options.without.split(",") if options.without else []
    steps = [int(word) for word in options.only.split(",")] if options.only else list(range(options.steps))
    totals, began, done, found = {"runs": 0, "commands": 0}, time.monotonic(), 0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(first, first + options.sequences)
        for seed, result in zip(seeds, pool.map(attempt, seeds, repeat(steps), repeat(dropped))):
            done += 1
            totals = {name: totals[name] + result[2][name] for name in totals}
            if done % 50 == 0:
                print(f"{done} sequences, {totals['runs']} runs, {found} failed", flush=True)
            if not result[0]:
                continue
            found += 1
            show(seed, result, dropped, 0 if options.only else options.shrink)
            if not options.keep_going:
                pool.shutdown(cancel_futures=True)
                break
    print(f"{done} sequences of {options.steps} steps, {totals['runs']} runs, {totals['commands']} commands, "
          f"{found} failed, {time.monotonic() - began:.0f} s")
    return 1 if found else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the first sequence; the next has the next")
    parser.add_argument("--sequences", type=int, default=10)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1, help="sequences at once (1)")
    parser.add_argument("--only", metavar="N,N,...", help="these steps alone")
    parser.add_argument("--without", metavar="NAME,...", help="without these stages of the first project")
    parser.add_argument("--shrink", metavar="S", type=float, default=60, help="seconds to make a failure smaller (60)")
    parser.add_argument("--keep-going", action="store_true", help="go on after a sequence that fails")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
