"""--locked fails if refit.lock would change, and does not write it."""
from harness import contains, equal, expect, pipeline

p = pipeline()
result = p.refit("run", "--locked", exit=1)
contains(result.text, "refit.lock")
expect(not p.exists("refit.lock"), "it is not written")
p.refit("run")
p.run("--locked", fresh=3)
before = p.snapshot()[b"refit.lock"]
p.remove("model.txt")
p.run("--locked", fresh=2, restored=1)
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
contains(p.refit("run", "--locked", exit=1).text, "refit.lock")
equal(p.snapshot()[b"refit.lock"], before, "refit.lock")
