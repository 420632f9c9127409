"""Gates that have little to judge by: no case, hardly a difference, too small a chance, all differences alike."""
import json

from harness import contains, equal, Project

p = Project("stages: {}\n")
p.write("m", "model\n")


def gate(lines, exit, candidate=None, baseline=None, name="g"):
    p.write("refit.yaml", "stages: {}\ngates:\n  %s:\n    model: m\n%s" % (name, "".join(f"    {l}\n" for l in lines)))
    for path, rows in (("c.csv", candidate), ("b.csv", baseline)):
        if rows is not None:
            p.write(path, "id,y,p\n" + "".join(f"{i},{y},{v}\n" for i, (y, v) in enumerate(rows)))
    return p.refit("check", "model", name, exit=exit)


ROWS = "rows: {candidate: c.csv, baseline: b.csv, key: id, label: y, prediction: p}"
OF_ONES = ROWS.replace("}", ", positive: 1}")

# Half of the rows differ, all by the same amount: the spread is known as well as can be.
for n in (20, 40, 60, 80, 100, 120, 150, 200, 400, 1000):
    good, bad = [(0, 0)] * n, [(0, i % 2) for i in range(n)]
    for metric in ("mae: {max_rise: 0.1}", "rmse: {max_rise: 0.1}"):
        gate([ROWS, f"metrics: {{{metric}}}"], 4, bad, good)
        gate([ROWS, f"metrics: {{{metric}}}"], 0, good, bad)

# Behaviour cases that are not there say nothing.
for text in ("passed\n", "kind,passed\n"):
    p.write("k.csv", text)
    contains(gate(["cases: k.csv"], 1).stderr, "k.csv", "there are no behaviour cases")
contains(gate(["cases: gone.csv"], 2).stderr, "gone.csv")

# How many rows would do, where that can be told.
same = [(i % 2, i % 2) for i in range(300)]
text = gate([OF_ONES, "metrics: {f1: {max_drop: 0.01}}"], 3, same, same).stdout
contains(text, "the models differ in 0 rows, fewer than 10; it cannot be told how many rows would do",
         "with probability 0; it cannot be told how many rows would make that 0.8")
few = [(i % 2, 1 - i % 2 if i < 3 else i % 2) for i in range(300)]
contains(gate([OF_ONES, "metrics: {f1: {max_drop: 0.01}}"], 3, few, same).stdout,
         "the models differ in 3 rows, fewer than 10; about 1000 rows would do")
text = gate([ROWS, "metrics: {accuracy: {max_drop: 0.01}}", "slices: {where: {none: \"y > 5\"}, max_drop: 0.1}"],
            3, same, same).stdout
contains(text, "n 0", "about 200 rows would do")

# A slice grows with all of it; what cannot be told of one comparison cannot be told of all.
sliced = [ROWS, "metrics: {accuracy: {max_drop: 0.5}}",
          "slices: {where: {few: \"id < 8\"}, max_drop: 0.5, min_n: 50}"]
contains(gate(sliced, 3, same[:200], same[:200]).stdout, "8 rows, fewer than 50 (`min_n`); about 50 rows would do",
         "1250 rows would make that 0.8")
contains(gate([OF_ONES, *sliced[1:], ][:1] + ["metrics: {f1: {max_drop: 0.5}}"] + sliced[2:], 3, same[:200],
              same[:200]).stdout, "it cannot be told how many rows would make that 0.8")

# A gate that an equal model hardly passes is told, whenever it has passed.
worse = [(i % 2, 1 - i % 2 if 10 <= i < 30 else i % 2) for i in range(300)]
better = [(i % 2, 1 - i % 2 if i < 10 else i % 2) for i in range(300)]
lines = [ROWS, "metrics: {accuracy: {max_drop: 0.01}}"]
gate(lines, 0, better, worse)
chance = json.loads(p.read("checks/g.json"))["equal_passes"]
equal(chance < 0.5, True, f"{chance}")
for words in (["run"], ["status"]):
    contains(p.refit(*words).text, "the gate `g` has passed, which a model as good as the baseline does with",
             "rows would make that 0.8")

# The end of the log of approvals has the name that no gate can have.
contains(gate(lines, 0, name="heads").text + p.refit("status", exit=2).stderr, "a gate cannot be called `heads`")
