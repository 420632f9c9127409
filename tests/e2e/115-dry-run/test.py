"""-n says what would happen, writes nothing and runs nothing."""
from harness import equal, expect, pipeline


def planned(result):
    return {entry["stage"]: entry["verdict"] for entry in result.of("stage_planned")}


def files():
    # LMDB notes readers in lock.mdb: a table in shared memory that happens to be a file.
    return {path: entry for path, entry in p.snapshot().items() if not path.endswith(b"lock.mdb")}


p = pipeline()
before = files()
result = p.refit("run", "-n", "--json")
equal(planned(result), {"split": "would run", "train": "may run", "evaluate": "may run"}, "the plan")
equal(files(), before, "the project after -n")
expect(not p.exists(".refit"), "not even .refit is made")
expect(result.events[0]["dry"], "run_started says dry")
p.refit("-n")
equal(files(), before, "the project after a plain -n")

p.run(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.remove("metrics.json")
before = files()
result = p.refit("run", "-n", "--json")
verdicts = planned(result)
equal((verdicts.get("train"), verdicts.get("evaluate")), ("would run", "may run"), "the plan")
equal(files(), before, "the project after -n")
equal(result.finished["ran"], 0, "ran")
