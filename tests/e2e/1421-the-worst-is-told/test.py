"""Of what is against a check or a gate, the worst is told first, with the metric, slice or column that it is about; a
run that a check alone ends badly does not say that a stage failed."""
from harness import Project, contains

p = Project("""\
    stages: {}
    expect:
      table:
        data: table.csv
        row_count: {min: 1000}
        drift: {reference: old.csv}
    gates:
      release:
        model: model.bin
        rows: {candidate: cand.csv, baseline: base.csv, key: id, label: y, prediction: p}
        metrics: {accuracy: {better: higher, max_drop: 0.03}}
        slices: {by: [group], min_n: 100, max_drop: 0.04}
    """)
p.write("model.bin", "m")


def told(result):
    return result.stdout + result.stderr


def predictions(wrong_of_b):
    rows = ["id,y,p,group"]
    for i in range(1000):
        wrong = i % 2 == 1 and i < 2 * wrong_of_b
        rows.append(f"{i},1,{0 if wrong else 1},{'AB'[i % 2]}")
    return "\n".join(rows) + "\n"


p.write("base.csv", predictions(0))
p.write("cand.csv", predictions(10))
p.write("old.csv", "n\n" + "".join(f"{i}\n" for i in range(2000)))
p.write("table.csv", "n\n" + "".join(f"{i}\n" for i in range(2000)))
contains(p.refit("run").stdout, "2 ran")

p.write("table.csv", "n\n" + "".join(f"{i + 1500}\n" for i in range(2000)))
result = p.refit("run", exit=4)
contains(told(result), "the check `table` failed: drift of `n`: psi", "it has drifted",
         "\ncheck failed: 1 ran, 1 fresh")

p.write("table.csv", "n\n" + "".join(f"{i}\n" for i in range(2000)))
p.write("cand.csv", predictions(22))
result = p.refit("run", exit=3)
contains(told(result), "needs approval: accuracy: ", "this one may be worse", "\nneeds approval: 1 ran, 1 restored")

p.write("cand.csv", predictions(34))
contains(p.refit("check", "model", "release", exit=4).stdout, "needs_approval", "accuracy of group=B")
result = p.refit("run", exit=4)
contains(told(result), "the gate `release` failed: accuracy of group=B: ", "(and 1 more)",
         "\ncheck failed: 1 ran, 1 fresh")
