"""`severity: warn` shows and does not stop; an expectation that changes is a parameter that changed."""
from harness import contains, equal, expect, Project

p = Project()
MANIFEST = """\
stages:
  train:
    cmd: cp table.csv model.txt
    deps: [table.csv]
    outs: [model.txt]
expect:
  table:
    data: table.csv
    columns: {{age: {{between: {{min: 0, max: {high}, severity: {severity}}}}}}}
"""
p.write("table.csv", "name,age\na,20\nb,300\n")
p.write("refit.yaml", MANIFEST.format(high=120, severity="warn"))
result = p.refit("run")
contains(result.stdout + result.stderr, "the check `table` warns: between of `age`: 1 of 2 values fail")
expect(p.exists("model.txt"), "the model")
result = p.refit("run")
contains(result.stdout + result.stderr, "the check `table` warns")
contains(result.stdout, "nothing to do")

p.write("refit.yaml", MANIFEST.format(high=120, severity="error"))
result = p.refit("run", "--json", exit=4)
equal(result.states, {"table": "ran", "train": "blocked"}, "as an error")
contains(result.reasons["table"], "refit.yaml:expect.table.columns.age.between.severity")

p.write("refit.yaml", MANIFEST.format(high=300, severity="error"))
result = p.refit("run", "--json")
contains(result.reasons["table"], "refit.yaml:expect.table.columns.age.between.max 120 → 300")
equal(result.states["train"], "fresh", "whose data did not change")

# An edit elsewhere in the manifest is none of the check's business.
text = MANIFEST.format(high=300, severity="error")
p.write("refit.yaml", text.replace("stages:", "# a remark\nstages:\n  other: {cmd: 'true', deps: [table.csv]}", 1))
equal(p.refit("run", "--json").states["table"], "fresh", "the check")
