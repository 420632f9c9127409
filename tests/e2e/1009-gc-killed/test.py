"""A gc that is killed at any moment leaves a sound store, of which less is gone; the next one ends what it began."""
import random
import time

from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir d && cp shared.bin d/shared && head -c 300000 /dev/urandom > d/own
        deps: [shared.bin]
        params: [n]
        outs: [d]
    """)
chance = random.Random(1009)
p.write("shared.bin", chance.randbytes(500_000))
killed = 0
n = 0
for i in range(30):
    for _ in range(3):
        n += 1
        p.write("params.yaml", f"n: {n}\n")
        p.run(ran=1)
    whole = p.snapshot("d", times=False)
    gc = p.start("gc", "--budget", chance.choice(["0", "1M"]))
    time.sleep(chance.uniform(0, 0.03))
    gc.process.kill()
    gc.process.communicate()
    killed += gc.process.returncode == -9
    p.refit("verify")
    p.remove("d")
    p.run(restored=1)
    equal(p.snapshot("d", times=False), whole, "the root")
expect(killed > 0, "at least one gc was killed before it ended")
result = p.refit("gc", "--json", "--budget", "0").json
equal(result["records"] - result["taken_records"], 1, "records that are left")
equal(sorted(path.name for path in p.path(".refit/store").iterdir()),
      ["data.mdb", "epoch", "gc.lock", "in-use.lock", "lock.mdb"], "files of the store")
equal(p.refit("verify", "--json").events[-1]["loose_chunks"], 0, "loose chunks")
expect(p.path(".refit/store/data.mdb").stat().st_size < 3_000_000, "the file is small")
