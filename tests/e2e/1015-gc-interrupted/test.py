"""A gc that is interrupted, at any moment, ends at once with exit 130 and leaves a sound store."""
import random
import signal
import time

from harness import contains, equal, expect, maker, set_n

p = maker(3_000_000)
chance = random.Random(1015)
ends = []
n = 0
for i in range(24):
    for _ in range(2):
        n += 1
        set_n(p, n)
        p.run(ran=1)
    gc = p.start("gc", "--budget", "4M")
    time.sleep(chance.uniform(0, 0.04))
    gc.signal(signal.SIGINT)
    result = gc.wait(exit=None)
    expect(result.code in (0, 130, -signal.SIGINT), f"exit {result.code}")
    if result.code == 130:
        contains(result.stderr, "interrupted")
    ends.append(result.code)
    p.refit("verify")
    expect(not p.exists(".refit/store/data.mdb.compacted"), "nothing is left behind")
    p.remove("out.bin")
    p.run(restored=1)
expect(130 in ends, "at least one was interrupted")
p.refit("gc", "--budget", "4M")
equal(p.store_stats()["records"], 1, "records in the end")
