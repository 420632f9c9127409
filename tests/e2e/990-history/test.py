"""A run that did something is in the history, with what it did; one in which everything was fresh writes nothing."""
import re

from harness import contains, equal, expect, pipeline


def runs(p, *arguments):
    return p.refit("history", "--json", *arguments).json["runs"]


p = pipeline()
contains(p.refit("history").stdout, "no run is recorded here yet")
equal(runs(p), [], "runs before the first")
expect(not p.exists(".refit"), "a reader makes nothing")
contains(p.refit("show", exit=2).stderr, "no run is recorded here yet")

p.refit("run", "--json", "-j", "2", "evaluate")
first = runs(p)[0]
expect(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", first["run"]), "an id")
equal((first["ran"], first["fresh"], first["exit_status"], first["changed"]), (3, 0, 0, 3), "the first run")
equal((first["command"], first["folder"]), ("run --json -j 2 evaluate", "."), "as it was given")
expect(first["user"] and first["host"] and first["version"] and first["started_ms"] > 0, "who, where and when")
equal(first["git"], {"commit": "", "branch": "", "dirty": False, "diff": "", "fault": ""}, "no git")

before = p.snapshot(".refit/history")
p.refit("run", "--json", "evaluate")
p.refit("run")
p.refit("status")
p.refit("restore")
equal({name: entry for name, entry in p.snapshot(".refit/history").items() if b"lock" not in name},
      {name: entry for name, entry in before.items() if b"lock" not in name}, "nothing is written for nothing")

p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
p.replace("train.sh", "echo", "exit 3; echo")
p.run(exit=1, fresh=1, failed=1, skipped=1)
p.replace("train.sh", "exit 3; ", "")
p.run(fresh=2, restored=1)
p.remove("metrics.json")
p.refit("restore", "metrics.json")
listed = runs(p)
equal([(run["ran"], run["restored"], run["failed"], run["changed"]) for run in listed],
      [(0, 1, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (2, 0, 0, 2), (3, 0, 0, 3)], "newest first")
equal([run["command"] for run in listed][0], "restore metrics.json", "a restore is one")
equal([run["run"] for run in runs(p, "--failed")], [listed[2]["run"]], "those that failed")
equal(len(runs(p, "-n", "2")), 2, "at most two")
equal([run["ran"] for run in runs(p, "--stage", "split")], [3], "of a stage")
equal(len(runs(p, "--since", "1h")), 5, "of the last hour")
equal(len(runs(p, "--since", "2999-01-01")), 0, "none yet")
equal(len(runs(p, "--until", "2020-01-01")), 0, "none then")
equal(len(runs(p, "--until", "2999-01-01T10:00")), 5, "all until then")
contains(p.refit("history", "--since", "soon", exit=2).stderr, "--since soon is no time; write one such as")
contains(p.refit("history", "-n", "x", exit=2).stderr, "-n takes a whole number, not `x`")
equal(p.refit("history", "--names").stdout.split(), [run["run"] for run in listed], "names")
contains(p.refit("history").stdout, "1 restored, 2 fresh", "1 failed, 1 skipped, 1 fresh", "2 ran, 1 fresh", "3 ran",
         "refit run --json -j 2 evaluate")

values = runs(p, "--metric", "model")
equal([run["metric"]["value"] for run in values], 4 * ["lr 0.2"] + ["lr 0.1"], "a metric's value")
equal(values[0]["metric"]["path"], "metrics.json", "its file")
contains(p.refit("history", "--metric", "metrics.json:lines").stdout, "metrics.json:lines  ")
contains(p.refit("history", "--metric", "acc", exit=2).stderr, "no run here had a metric `acc`")
p.replace("data.txt", "one\n", "one\nand\n")
p.run(ran=3)
contains(p.refit("history", "-m", "lines").stdout, "metrics.json:lines  ▁▁▁▁▁█")

# What waited to be accepted, too.
p.replace("train.sh", "echo \"tr", "echo >> train.sh; echo \"tr")
p.run(exit=1, fresh=1, failed=1, skipped=1)
p.refit("accept", "train")
equal((runs(p)[0]["command"], runs(p)[0]["changed"]), ("accept train", 1), "accepting is one")
p.manifest("stages: {}\n")
equal(len(runs(p)), 8, "the manifest does not matter")
