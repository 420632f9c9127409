"""A stage with another name and the same outs is the same stage to `refit diff`; swapped names are not mixed up."""
from harness import contains, equal, Project

MANIFEST = """
    stages:
      one:
        cmd: "echo '{\\"a\\": 1}' > one.json; cp in.txt one.txt"
        deps: [in.txt]
        outs: [one.txt]
        metrics: [one.json]
      two: {cmd: cp one.txt two.txt, deps: [one.txt], outs: [two.txt]}
"""
p = Project(MANIFEST)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\n*.txt\n*.json\n")
p.write("in.txt", "in\n")


def commit(name):
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def stages(*sides):
    return {s["stage"]: (s["change"], s["was"], [c["name"] for c in s["changes"]], [o["path"] for o in s["outs"]])
            for s in p.refit("diff", *sides, "--json").json["stages"]}


p.run(ran=2)
commit("first")
p.replace("refit.yaml", "one:", "uno:")
p.run(fresh=2)
commit("renamed")
equal(stages("first", "renamed"), {"uno": ("changed", "one", [], [])}, "a new name")
equal(p.refit("diff", "first", "renamed").stdout, "uno\n  it was called one\n", "in words")
equal(p.refit("metrics", "diff", "first", "renamed").stdout, "no metric differs\n", "metrics")
p.replace("refit.yaml", '": 1}', '": 2}')
p.run(fresh=1, ran=1)
commit("changed")
equal(stages("first", "changed"), {"uno": ("changed", "one", ["0"], ["one.json"])}, "and another command")
contains(p.refit("metrics", "diff", "first", "changed").stdout, "1 → 2  +1 (up)")
equal(stages("changed", "first"), {"one": ("changed", "uno", ["0"], ["one.json"])}, "backwards")

# Names that are swapped are stages that changed; a stage in two is one of them and a new one.
p.manifest(MANIFEST.replace("one:", "x:").replace("two:", "one:").replace("x:", "two:"))
p.run(restored=1, fresh=1)
commit("swapped")
equal({name: stage[:2] for name, stage in stages("first", "swapped").items()},
      {"one": ("changed", None), "two": ("changed", None)}, "swapped")
p.manifest("""
    stages:
      left: {cmd: cp in.txt one.txt, deps: [in.txt], outs: [one.txt]}
      right: {cmd: "echo '{\\"a\\": 1}' > one.json", metrics: [one.json]}
      two: {cmd: cp one.txt two.txt, deps: [one.txt], outs: [two.txt]}
""")
p.run("-B", ran=3)
commit("split")
found = stages("first", "split")
equal({name: stage[:2] for name, stage in found.items()},
      {"left": ("new", None), "right": ("changed", "one")}, "in two")
