#!/usr/bin/env python3
"""Days of use, in minutes: people with a workspace each, one store with a budget, one repository that they clone.

    python3 tests/random/use.py --cycles 30           chance decides; the seed is printed
    python3 tests/random/use.py --hours 24            until 24 hours have passed on refit's clock
    python3 tests/random/use.py --seed 7 --cycles 30  the same again, but for when a kill strikes

In a cycle somebody edits data, parameters or code, and does one of many things (deeds.py): runs, runs that are
interrupted or killed with their commands left alive, two at once, branches, restore, accept, gc, export, workspaces
that vanish. refit, its commands and git see a clock that goes --rate times as fast (tests/faults/clock.c), and times of
files to match. After each run the outs are those of a clean build that refit has no part in; after each gc the store
is within its budget, or no larger than its roots; what refit.lock names, in a workspace and at the tip of each branch
and tag, can be restored; the store is verified. The program is $REFIT; the folders are in $TMPDIR, or in memory
(/dev/shm).
"""
import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
from deeds import DEEDS, Office  # noqa: E402

CLOCK = harness.ROOT / "build/clock.so"
GC_EVERY, VERIFY_EVERY = 8, 5  # cycles


def main():
    options = parse_arguments()
    if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK):
        os.environ["TMPDIR"] = "/dev/shm"
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    base = Path(tempfile.mkdtemp(prefix="refit-use-"))
    began = time.time()
    clock = {}
    if options.rate != 1:
        (base / "clock").write_text(f"{began:.6f} 0 {options.rate}\n")
        clock = {"LD_PRELOAD": str(CLOCK), "REFIT_CLOCK": str(base / "clock")}
    office = Office(base, random.Random(seed), clock, options.budget << 10)
    try:
        go_on(options, office, lambda: (time.time() - began) * options.rate / 3600)
    except BaseException:
        print("\n".join(office.story[-30:]), f"\nseed {seed}: the folder is kept: {base}", sep="\n", flush=True)
        raise
    shutil.rmtree(base)
    return 0


def go_on(options, office, hours):
    shown, cycle = 0.0, 0
    while (cycle < options.cycles) if options.hours is None else (hours() < options.hours):
        cycle += 1
        act(office, cycle)
        if hours() >= shown + options.every:
            shown = hours()
            show(office, cycle, shown)
    office.collect()
    office.audit(None)
    for ws in office.spaces:
        office.settle(ws)
    office.verify()
    show(office, cycle, hours())
    print(", ".join(f"{count} {what}" for what, count in sorted(office.counts.items())))


def act(office, cycle):
    chance = office.chance
    ws = chance.choice(office.spaces)
    deed = chance.choices(list(DEEDS), list(DEEDS.values()))[0]
    office.tell(f"-- {cycle}: {ws.root.name}: {deed.__name__}")
    office.count(deed.__name__)
    harness.calls.clear()
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        office.edit(ws)
    deed(office, ws)
    if cycle % VERIFY_EVERY == 0:
        office.verify()
    if cycle % GC_EVERY == 0:
        office.collect()
        office.audit(4)


def show(office, cycle, hours):
    sizes = office.sizes()
    print(f"{hours:5.1f} h, {cycle} cycles: " + ", ".join(f"{what} {size}" for what, size in sizes.items()), flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cycles", metavar="N", type=int, default=30)
    parser.add_argument("--hours", metavar="N", type=float, help="on refit's clock, instead of a number of cycles")
    parser.add_argument("--budget", metavar="KIB", type=int, default=8192, help="of the store (8192)")
    parser.add_argument("--rate", type=float, default=60, help="how fast that clock goes (60); 1: without its library")
    parser.add_argument("--every", metavar="N", type=float, default=1, help="hours between two lines of sizes (1)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
