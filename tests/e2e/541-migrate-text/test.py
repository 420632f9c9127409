"""What is kept of a dvc.yaml's text, whatever its form; and that it declares the same where it cannot be kept."""
import json

from dvc import DvcProject
from harness import contains, equal, expect

COMPARED = ("wdir", "cmd", "deps", "outs", "metrics", "plots", "params", "frozen", "always_changed")


def stages_of(p):
    answer = p.refit("graph", "--json").json
    return [{key: stage.get(key) for key in COMPARED} for stage in answer["stages"]]


def by_content(stages):
    return sorted(json.dumps(stage, sort_keys=True) for stage in stages)


def check(written_out, *parts, **files):
    """Migrate these files (`below` is sub/dvc.yaml); the graph must be the same, and so many of them not kept."""
    p = DvcProject(files.get("root"))
    for name, text in files.items():
        if name != "root":
            p.write("sub/dvc.yaml" if name == "below" else f"{name}/dvc.yaml", text)
    before = stages_of(p)
    result = p.refit("migrate", "--json").json
    equal(result["written_out"], written_out, f"what was not kept of {files}")
    contains(p.read("refit.yaml"), *parts)
    after = stages_of(p)
    equal(by_content(after), by_content(before), "stages")
    p.refit("status")
    return p


ROOT = "stages:\n  a: {cmd: x, outs: [a]}\n"
check(0, "shell: $SHELL\n\n# by hand\nstages:\n  a: {cmd: x, outs: [a]}\n", root="# by hand\n" + ROOT)
check(0, "# one\n---\n# From", "# two\nstages:", root="# one\n---\n# two\n" + ROOT)
check(0, "\n  # sub/dvc.yaml\n  b:\n    wdir: sub\n    cmd: y\n", "\n\nparams: [p.yaml]\n",
      below="stages:\n  b:\n    cmd: y\n", root=ROOT + "\n# after\n\nparams: [p.yaml]\n")
# Places: a folder's file has its own, with other indents, quotes and names.
check(0, "\n  sub.a:\n     wdir: sub\n     desc: d\n", "wdir: sub/deep", root=ROOT,
      below="stages:\n   'a':\n      desc: d\n      cmd: y\n   \"b\":\n      cmd: z\n      wdir: 'deep' # here\n")
check(0,
      "\n    # text\n    t:\n        wdir: sub\n        cmd: |\n          one\n\n            two\n        outs: [t]\n",
      root=ROOT.replace("  a", "    a"),
      below="stages:\n  # text\n  t:\n      cmd: |\n        one\n\n          two\n      outs: [t]\n")
# Anchors and merges.
check(0, "<<: *base", root=ROOT,
      below="stages:\n  b: &base\n    cmd: y\n    deps: [d]\n    outs: [b]\n  c:\n    <<: *base\n    outs: [c]\n")
# No file at the root.
check(0, "stages:\n\n  # sub/dvc.yaml\n  a: {wdir: sub, cmd: x, outs: [a]}\n", below=ROOT)
check(0, "  # other/dvc.yaml\n  a: {wdir: other, cmd", "  # sub/dvc.yaml\n  sub.a: {wdir", below=ROOT, other=ROOT)
# Names that refit.yaml does not have.
p = check(1, "  a_b:", root="stages:\n  a b: {cmd: x}\n  a/b: {cmd: y}\n  / a: {cmd: z}\n")
equal(sorted(p.verdicts()), ["_._a", "a.b", "a_b"], "names")
# What means something else in a refit.yaml is written out.
check(1, 'cmd:\n      - "echo a \\\\"\n      - b\n', root="stages:\n  a:\n    cmd: |\n      echo a \\\n      b\n")
check(1, "deps:\n      - d\n    outs", root="stages:\n  a: {cmd: x, deps: [d, d], outs: [o]}\n")
check(1, "- p.yaml:\n", root="stages: {a: {cmd: x, params: [{p.yaml: []}]}}\n")
check(1, "stages:\n  # dvc.yaml\n  a:\n", root="{stages: {a: {cmd: x}}}\n")
check(0, "\\${", root="stages:\n  a: {cmd: 'echo \\${HOME}'}\n")
check(1, "# kept\n", "\\${HOME}", root="# kept\n" + ROOT,
      below="# gone\nstages:\n  b: {cmd: 'echo \\${HOME}'}\n")
# Every kind of flag, written out.
check(1, "cache: false", "persist: true", "frozen: true", "always_changed: true", below="""\
stages:
  every:
    cmd: [one, "two\\n  three", "a: 'b' \\"c\\" # d"]
    wdir: deep
    desc: "# no remark"
    deps: [../d, ../../e, "1", "yes"]
    params: [a, b.c, {../p.json: [x, y.0]}, {q.yaml: }, {params.yaml: [z]}]
    outs: [o, p: {cache: false}, q: {persist: true}, r: {cache: false, persist: true}, "s t"]
    metrics: [m]
    plots: [n: {cache: false, x: a}]
  rest: {cmd: "echo \\\\${A}", frozen: true, always_changed: true, outs: [u]}
""")
# An empty file, one without stages, and one that only has what means nothing here.
p = check(0, "stages:\n  a:", root=ROOT, below="",
          other="artifacts: {m: {path: m}}\nplots: [x]\nmetrics: [n.json]\n")
contains(p.read("refit.yaml"), "metrics:\n  - other/n.json\n")
p = DvcProject("plots: [x]\n")
expect(p.refit("migrate").stdout, "a project without stages")
p.refit("status")
