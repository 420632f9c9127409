"""`refit show` says everything that is recorded of a run, named by its id, its beginning, or how long ago it was."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.25")
p.run(fresh=1, ran=2)
p.replace("train.sh", "echo", "exit 3; echo")
p.run(exit=1, fresh=1, failed=1, skipped=1)
ids = p.refit("history", "--names").stdout.split()

text = p.refit("show", "-1").stdout
contains(text, ids[1], "command", "refit run --json", "ended", "0: 2 ran, 1 fresh", "stages", "train", "ran",
         "params.yaml:train.lr 0.1 → 0.25", "evaluate", "changed since the run before", "evaluate", "model.txt changed",
         "train", "params.yaml:train.lr 0.1 → 0.25", "metrics", "metrics.json", "lines", "6", "model", "lr 0.25")
equal(p.refit("show", ids[1]).stdout, text, "by its id")
equal(p.refit("show", "last-1").stdout, text, "by how long ago it was")
contains(p.refit("show").stdout, ids[0], "1: 1 failed, 1 skipped, 1 fresh", "train", "failed", "exit status 3",
         "evaluate", "skipped")

shown = p.refit("show", "--json", "-2").json
equal(shown["run"], ids[2], "the first one")
equal([(stage["stage"], stage["state"]) for stage in shown["stages"]],
      [("split", "ran"), ("train", "ran"), ("evaluate", "ran")], "its stages")
equal(shown["changes"], [], "there is none before it")
equal(shown["metrics"], [{"path": "metrics.json", "name": "lines", "value": 6},
                         {"path": "metrics.json", "name": "model", "value": "lr 0.1"}], "its metrics")
equal([(build["stage"], [out["path"] for out in build["outs"]]) for build in shown["builds"]],
      [("evaluate", ["metrics.json"]), ("split", ["work/test.txt", "work/train.txt"]), ("train", ["model.txt"])],
      "outs")
changes = p.refit("show", "--json", "last-1").json["changes"]
equal([(change["stage"], change["kind"], change["name"]) for change in changes],
      [("evaluate", "deps", "model.txt"), ("train", "params", "params.yaml:train.lr")], "what changed")
equal((changes[1]["old"], changes[1]["new"]), ("0.1", "0.25"), "from and to")

contains(p.refit("show", "-3", exit=2).stderr, "the history has 3 runs")
contains(p.refit("show", "nonsense", exit=2).stderr, "has no run `nonsense`")
contains(p.refit("show", ids[0][:4], exit=2).stderr, f"`{ids[0][:4]}` could be ", "write more of it")
