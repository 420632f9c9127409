"""A run of some stages does not make refit.lock pass for complete: the next full run brings back what it lacks."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
whole = p.read("refit.lock")
p.remove("refit.lock")
p.run("split", fresh=1)
p.run(fresh=3)
equal(p.read("refit.lock"), whole, "refit.lock after it was removed")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
newer = p.read("refit.lock")
p.write("refit.lock", whole)
p.run("split", fresh=1)
p.run(fresh=3)
equal(p.read("refit.lock"), newer, "refit.lock after an older one took its place")
