"""A run that is killed at any moment, its commands left alive: the next one ends them, and does what is left."""
# tags: plain
import os
import random
import time

from faults import KILLED, outs_of, Rest, STAGES
from harness import equal, expect

KILLS, TRIES = 60, 240
seed = int(os.environ.get("REFIT_FAULT_SEED", "1"))
chance = random.Random(seed)
rest = Rest()
span = 0.05  # about as long as a run takes: found out on the way
copies, killed = [], 0
while killed < KILLS and len(copies) < TRIES:
    p = rest.copy()
    run = p.start("run")
    time.sleep(chance.random() * span)
    run.process.kill()
    hit = run.wait(exit=None).code == KILLED
    killed += hit
    span *= 1.05 if hit else 0.8
    try:
        rest.check(p)
    except AssertionError as error:
        raise AssertionError(f"kill {len(copies)} of seed {seed}: {error}") from error
    copies.append(p)
rest.check_settled(copies)
expect(killed == KILLS, f"{killed} of {len(copies)} runs were killed")

# Killed again and again, each time a little later, it comes to its end all the same.
p = rest.copy()
for n in range(1, 21):
    run = p.start("run")
    time.sleep(span * n / 20)
    run.process.kill()
    run.wait(exit=None)
    rest.check_rescued(p)
rest.check(p)
p.run(fresh=STAGES)
equal(outs_of(p), rest.outs, "the outs")
