"""A second clone that shares the store gets everything from it: a key holds nothing of where the project stands."""
from harness import equal, expect, pipeline

a = pipeline()
store = str(a.base / "shared store")
a.environment["REFIT_STORE"] = store
a.run(ran=3)
expect((a.base / "shared store").is_dir(), "the store is where REFIT_STORE says")
expect(not a.exists(".refit/store"), "no second store in the project")

b = pipeline(a.sibling("clone"))
result = b.run(restored=3)
equal(result.started, [], "commands started")
for name in ("work/train.txt", "work/test.txt", "model.txt", "metrics.json"):
    equal(b.bytes(name), a.bytes(name), name)
equal(b.bytes("refit.lock"), a.bytes("refit.lock"), "refit.lock")

b.replace("params.yaml", "lr: 0.1", "lr: 0.5")
b.run(fresh=1, ran=2)
a.replace("params.yaml", "lr: 0.1", "lr: 0.5")
a.run(fresh=1, restored=2)
