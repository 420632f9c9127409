"""A stage from a rule of the project is run again when the rule changes what it is, and only then."""
import time

from harness import contains, equal, Project

RULE = """\
desc: copy a file
args:
  source: {type: path, desc: what to copy, required: true}
  target: {type: path, desc: where to, required: true}
example: {source: a.txt, target: b.txt}
stage:
  cmd: cp ${source} ${target}
  deps: ["${source}"]
  outs: ["${target}"]
"""
MANIFEST = """\
stages:
  copy:
    use: copy
    with: {source: a.txt, target: b.txt}
"""

p = Project(MANIFEST)
p.write("a.txt", "a\n")
contains(p.refit("run", exit=2).stderr, "refit.yaml:3:10: no rule is called `copy` in stage `copy`",
         "there is no rules/copy.yaml")
p.write("rules/copy.yaml", RULE)
p.run(ran=1)
p.run(fresh=1)
stage = p.refit("graph", "--json").json["stages"][0]
equal((stage["rule"], stage["cmd"], stage["deps"], stage["outs"]),
      ("copy", ["cp a.txt b.txt"], ["a.txt"], ["b.txt"]), "the stage")

# Words about it are no change, a command is one.
p.replace("rules/copy.yaml", "copy a file", "make a copy")
p.run(fresh=1)
p.replace("rules/copy.yaml", "cp ${source}", "cp -f ${source}")
p.run(ran=1)
equal(p.why("copy")[0], "fresh", "verdict")

# Also where all that was looked at stands as it did, and where a large manifest is kept in the state.
for padding in ("", "# " + "x" * 70000 + "\n"):
    p.write("refit.yaml", MANIFEST + padding)
    time.sleep(2.2)
    for _ in range(3):
        equal(p.refit("run").stdout.splitlines()[-1], "nothing to do: 1 fresh", "the last line")
    p.replace("rules/copy.yaml", "  cmd: cp", "  cmd: cp -p" + " -f" * bool(padding))
    p.run(ran=1)

# A fault is told with the rule's line.
p.replace("rules/copy.yaml", "  deps:", "  dep:")
contains(p.refit("status", exit=2).stderr, "rules/copy.yaml:8:3: unknown key `dep`", "did you mean `deps`?")
p.replace("rules/copy.yaml", "  dep:", "  deps:")
p.run(fresh=1)

# The project's own comes before what is shipped, also when it comes to be later.
for padding in ("", "# " + "x" * 70000 + "\n"):
    own = Project("stages:\n  take:\n    use: data.sample\n    with: {data: a.txt, out: b.txt, rows: 1}\n" + padding)
    own.write("a.txt", "1\n2\n")
    own.run(ran=1)
    time.sleep(2.2)
    own.refit("run")
    own.refit("run")
    own.write("rules/data.sample.yaml", RULE.replace("source", "data").replace("target", "out").replace(
        "args:", "args:\n  rows: {type: integer, desc: none}"))
    own.run(ran=1)
    equal(own.read("b.txt"), "1\n2\n", "what the project's rule makes")
