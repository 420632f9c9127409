"""Expectations and gates can have templates: what they stand for is in the check's key, in its verdict and in what is
approved. A manifest of checks alone needs no stages."""
from approvals import Gated
from harness import Project, contains, equal

p = Project("""\
    expect:
      people:
        data: ${data.file}
        row_count: {max: '${data.most}'}
        columns:
          name: {in_set: '${data.names}'}
          age: {between: {min: '${data.youngest}', where: "age >= ${data.youngest}"}}
      literally:
        data: 'a\\${b}.csv'
        row_count: {min: 1}
    """)
p.write("params.yaml", "data: {file: people.csv, most: 3, names: [Ann, Bo], youngest: 18}\nother: 1\n")
p.write("people.csv", "name,age\nAnn,20\nBo,30\n")
p.write("a${b}.csv", "x\n1\n")
result = p.refit("run", "--json")
equal(result.states, {"people": "ran", "literally": "ran"}, "checks alone")
p.replace("params.yaml", "other: 1", "other: 2")
p.run(fresh=2)

# A value that changes judges again, and nothing else does; the reason names it.
p.replace("params.yaml", "most: 3", "most: 1")
contains(p.refit("why", "people").stdout, "expect.people.row_count.max", "3", "1")
result = p.refit("run", "--json", exit=4)
equal(result.states, {"people": "ran", "literally": "fresh"}, "another limit")
equal(p.refit("check", "data", "people", "--json", exit=4).json["results"][1]["outcome"], "fail", "by hand")
p.replace("params.yaml", "most: 1", "most: 3")
p.replace("params.yaml", "[Ann, Bo]", "[Ann]")
contains(p.refit("check", "data", "people", exit=4).stdout, "name")
equal(p.refit("run", "--json", exit=4).reasons["people"].startswith("refit.yaml:expect.people.columns.name"), True,
      "a list")
p.replace("params.yaml", "[Ann]", "[Ann, Bo]")
equal(p.refit("run", "--json").states["people"], "restored", "as it was")

# What is wrong is told with its place, in the manifest.
for text, place, message in [
    ("max: '${data.moost}'", "4:23", "`data.moost`"),
    ("max: '${data.names}'", "4:22", "`row_count`"),
    ("max: '${data'", "4:22", "a number, not a string"),
]:
    p.replace("refit.yaml", "max: '${data.most}'", text)
    for words in (["run"], ["check", "data", "people"]):
        contains(p.refit(*words, exit=2).stderr, f"refit.yaml:{place}", message)
    p.replace("refit.yaml", text, "max: '${data.most}'")
p.write("refit.yaml", "vars: [{a: 1}]\n")
contains(p.refit("run", exit=2).stderr, "the manifest has no `stages`")

# The manifest may be called anything.
p = Project("expect: {all: {data: d.csv, row_count: {min: 1}}}\n")
p.write("d.csv", "a\n1\n")
for name in ("it's mine.yaml", '"$x" `y`.yaml'):
    p.write(name, p.read("refit.yaml"))
    equal(p.refit("-f", name, "run", "--json").states, {"all": "ran"}, name)
p.write("two\nlines.yaml", p.read("refit.yaml"))
contains(p.refit("-f", "two\nlines.yaml", "run", exit=2).stderr, "cannot have a newline in its name")

# A gate: what is approved is the definition with its values.
p = Gated()
p.remove("checks/release.json")
p.write("refit.yaml", """\
vars: [{tolerated: 0.01}]
stages:
  ship: {kind: deploy, cmd: cat model.bin > shipped.txt, deps: [model.bin]}
gates:
  release:
    model: model.bin
    rows: {candidate: test.csv, baseline: base.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, max_drop: '${tolerated}'}}
""")
rows = "id,y,p\n" + "".join(f"{i},{i % 2},{i % 2}\n" for i in range(20))
p.write("base.csv", rows)
p.write("test.csv", rows.replace("3,1,1", "3,1,0"))
equal(p.refit("run", "--json", "--deploy", exit=3).states["ship"], "blocked", "20 rows decide nothing")
equal(p.judged()[0], "needs approval", "before")
p.approve("bo")
equal(p.judged()[0], "approved", "after")
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "approved")
p.replace("refit.yaml", "tolerated: 0.01", "tolerated: 0.02")
equal(p.refit("run", "--json", "--deploy", exit=3).states, {"release": "ran", "ship": "blocked"}, "other values")
equal(p.judged()[0], "needs approval", "the approval is for what was tolerated then")
