"""After --locked refused, the next run without it writes refit.lock, although every stage is fresh by then."""
from harness import equal, expect, pipeline

p = pipeline()
p.run(ran=3)
before = p.read("refit.lock")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.refit("run", "--locked", exit=1)
equal(p.read("refit.lock"), before, "refit.lock")
p.refit("run", "--locked", exit=1)
equal(p.read("refit.lock"), before, "refit.lock, still")
p.run(fresh=3)
expect(p.read("refit.lock") != before, "refit.lock says what is there now")
p.run("--locked", fresh=3)
