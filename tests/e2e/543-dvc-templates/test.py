"""Templates in several dvc.yaml: each has the variables of its own folder; groups and globs are named as stages are."""
from dvc import DvcProject
from harness import contains, equal

ROOT = """\
vars: [{names: [a, b]}]   # kept
metrics: ["${names[0]}.txt"]
stages:
  each:
    foreach: ${names}
    do:
      cmd: echo ${item} ${x} > ${item}.txt
      outs: ["${item}.txt"]
"""
p = DvcProject(ROOT)
p.write("params.yaml", "x: root\n")
p.write("sub/dvc.yaml", """\
vars: [conf.toml, conf.py]
stages:
  # A remark that goes.
  each:
    matrix: {n: [1, 2], m: [p/q]}
    cmd: cat ../a.txt > ${key}; echo ${x} ${lr} ${Net.width} '\\${kept}' >> ${key}
    deps: [../a.txt]
    params: [{conf.toml: [lr]}]
    outs: ["${key}"]
""".replace("${key}", "${item.n}.out"))
p.write("sub/params.yaml", "x: folder\n")
p.write("sub/conf.toml", "lr = 0.5\n")
p.write("sub/conf.py", "class Net:\n    width = 3\n")
before = p.of_dvc()
mine = ["sub/dvc.yaml:each@1-p/q", "sub/dvc.yaml:each@2-p/q"]
p.run(ran=4)
equal(p.read("sub/2.out"), "a root\nfolder 0.5 3 ${kept}\n", "variables of the folder")
equal(p.read("b.txt"), "b root\n", "variables of the root")
sub = p.path("sub")


def stages(*targets, cwd):
    answer = p.refit("status", "--json", "--", *targets, cwd=cwd).json
    return sorted(each["name"] for each in answer["stages"])


equal(stages("each", cwd=sub), ["each@a", *mine], "a group of the folder's file, and what it needs")
equal(stages("each@2*", cwd=sub), ["each@a", mine[1]], "a glob of the folder's file")
equal(stages("../dvc.yaml:each", cwd=sub), ["each@a", "each@b"], "a group of another file")
equal(stages("sub/dvc.yaml:each@1*", cwd=p.root), ["each@a", mine[0]], "a glob of another file")
equal(stages("each@1-p/q", cwd=sub), ["each@a", mine[0]], "a generated stage")
contains(p.refit("why", "each", cwd=sub, exit=2).stderr, "is a group", mine[0])
equal([each["path"] for each in p.refit("metrics", "--json").json["metrics"]], ["a.txt"], "metrics of the top level")
p.write("sub/conf.toml", "lr = 0.25\n")
result = p.run(fresh=2, ran=2)
contains(result.start_reason(mine[0]), "0.5", "0.25")

# Variables of a folder do not come along into another one's file: its stages are written out.
report = p.refit("migrate", "--json").json
equal(report["written_out"], 1, "what is not kept")
p.untouched(before)
contains(p.read("refit.yaml"), "# kept", "foreach: ${names}", "  # sub/dvc.yaml\n", "\\\\${kept}", "- conf.toml:\n")
names = {stage["was"]: stage["name"] for stage in report["stages"]}
equal([names[name] for name in mine], ["sub.each@1-p/q", "sub.each@2-p/q"], "names")
p.run(fresh=4)
equal(sorted(p.verdicts("sub.each", "each")), ["each@a", "each@b", "sub.each@1-p/q", "sub.each@2-p/q"], "groups")
