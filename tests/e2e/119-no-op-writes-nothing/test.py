"""A run in which everything is fresh writes nothing durable."""
import time

from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
# Digests of files that have just changed are not believed for 2 s; the run after that settles them.
time.sleep(2.5)
p.run(fresh=3)


def durable():
    return {path: entry for path, entry in p.snapshot().items()
            if not path.endswith((b"lock.mdb", b".refit/lock"))}


before = durable()
for _ in range(3):
    p.run(fresh=3)
    equal(durable(), before, "the project after a no-op")
p.refit("run", "--json", "-j4", "train")
equal(durable(), before, "the project after a no-op of a target")
