"""`status` tells fresh, would restore, would run, may run and would fail; --exit-code says it to scripts."""
from harness import contains, equal, pipeline

p = pipeline()
equal(p.verdicts(), {"split": "would run", "train": "may run", "evaluate": "may run"}, "before the first run")
p.refit("status", "--exit-code", exit=1)
p.run(ran=3)
answer = p.refit("status", "--json", "--exit-code").json
equal([(s["name"], s["verdict"], s["pending"], s["running"]) for s in answer["stages"]],
      [(name, "fresh", False, False) for name in ("split", "train", "evaluate")], "after it")
equal([s["kind"] for s in answer["stages"]], ["data", "model", "model"], "kinds")
equal(answer["counts"], {"fresh": 3, "restore": 0, "run": 0, "maybe": 0, "blocked": 0, "fail": 0, "skip": 0}, "counts")

p.remove("model.txt")
equal(p.verdicts(), {"split": "fresh", "train": "would restore", "evaluate": "fresh"}, "a deleted out")
p.run(restored=1, fresh=2)

p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
stages = p.status()
equal({name: s["verdict"] for name, s in stages.items()},
      {"split": "fresh", "train": "would run", "evaluate": "may run"}, "a changed parameter")
contains(stages["train"]["reason"], "params.yaml:train.lr")
text = p.refit("status").stdout
contains(text, "train", "evaluate", "1 fresh, 1 would run, 1 may run")
contains(text, "params.yaml:train.lr 0.1 → 0.2")
p.run(fresh=1, ran=2)
p.replace("params.yaml", "lr: 0.2", "lr: 0.1")
equal(p.verdicts(), {"split": "fresh", "train": "would restore", "evaluate": "would restore"}, "changed back")

p.remove("train.sh")
stages = p.status()
equal(stages["train"]["verdict"], "would fail", "a missing dep")
contains(stages["train"]["reason"], "train.sh")
