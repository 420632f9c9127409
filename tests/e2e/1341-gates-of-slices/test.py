"""A gate with slices: a regression in one group that the metric of all rows would wave through fails, and
holds back the deploy."""
import json

from harness import contains, equal, expect, Project

GROUPS = "ABC"


def rows(wrong):
    """1,200 rows, 400 a group; wrong[group]: how many of its predictions are wrong."""
    lines, seen = ["id,group,label,prediction"], {group: 0 for group in GROUPS}
    for i in range(1200):
        group, label = GROUPS[i % 3], i // 3 % 2
        seen[group] += 1
        lines.append(f"{i},{group},{label},{1 - label if seen[group] <= wrong[group] else label}")
    return lines


def text(lines, reverse=False):
    return "\n".join([lines[0], *(reversed(lines[1:]) if reverse else lines[1:])]) + "\n"


p = Project("""\
    stages:
      ship:
        kind: deploy
        cmd: echo shipped >> shipped.txt
        deps: [model.bin]
    gates:
      release:
        model: model.bin
        rows: {candidate: cand.csv, baseline: base.csv, key: id, label: label, prediction: prediction}
        metrics: {accuracy: {better: higher, min: 0.85, max_drop: 0.02}}
        slices: {by: [group], min_n: 200, max_drop: 0.05}
    """)
p.write("model.bin", "m")
p.write("base.csv", text(rows({"A": 40, "B": 40, "C": 40})))
p.write("cand.csv", text(rows({"A": 40, "B": 40, "C": 40})))
result = p.refit("run", "--json", "--deploy")
equal(result.states, {"release": "ran", "ship": "ran"}, "an equal model")

# Better in A and B, much worse in C: 90% as before in all, and 80% in C.
p.write("model.bin", "m2")
p.write("cand.csv", text(rows({"A": 20, "B": 20, "C": 80})))
result = p.refit("run", "--json", "--deploy", exit=4)
equal(result.states, {"release": "ran", "ship": "blocked"}, "a worse slice")
contains(result.reasons["ship"], "the gate `release` failed: accuracy of group=C: ", "max_drop 0.05")
verdict = json.loads(p.bytes("checks/release.json"))
found = {(r["rule"], r["slice"]): r["outcome"] for r in verdict["results"]}
equal(found, {("min", None): "pass", ("max_drop", None): "pass", ("max_drop", "group=A"): "pass",
              ("max_drop", "group=B"): "pass", ("max_drop", "group=C"): "fail"}, "results")
worst = next(r for r in verdict["results"] if r["slice"] == "group=C")
equal((worst["n"], worst["gained"], worst["lost"], worst["method"]), (400, 0, 40, "tango"), "the slice")
expect(worst["upper"] < -0.05, f"upper limit {worst['upper']}")
equal(p.bytes("shipped.txt"), b"shipped\n", "deploys")
contains(p.refit("check", "model", "release", "-o", "again.json", exit=4).stdout, "max_drop accuracy of group=C",
         "fail", "passes all comparisons with probability")
equal(p.bytes("again.json"), p.bytes("checks/release.json"), "by hand")

# Rows in another order, and another locale, give the same verdict but for the digests of the files.
before = verdict["results"], verdict["outcome"]
p.write("cand.csv", text(rows({"A": 20, "B": 20, "C": 80}), reverse=True))
p.refit("check", "model", "release", "-o", "again.json", exit=4, env={"LC_ALL": "de_DE.UTF-8"})
again = json.loads(p.bytes("again.json"))
equal((again["results"], again["outcome"]), before, "in another order")

# What cannot be judged is told with its line, and fails the gate's stage.
p.write("cand.csv", text(rows({"A": 40, "B": 40, "C": 40})) + "0,A,0,0\n")
contains(p.refit("check", "model", "release", exit=1).stderr, "cand.csv:", "0", "twice")
p.write("cand.csv", text(rows({"A": 40, "B": 40, "C": 40})[:-1]))
contains(p.refit("check", "model", "release", exit=1).stderr, "1199")
equal(p.refit("run", "--json", "--deploy", exit=1).states, {"release": "failed", "ship": "skipped"}, "rows are missing")
