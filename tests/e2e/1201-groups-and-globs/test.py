"""The name of a group means its stages, and a glob those whose names match; a glob never selects a deploy stage."""
from harness import Project, contains, equal

p = Project("""\
    stages:
      prepare:
        cmd: echo data > data.txt
        outs: [data.txt]
      train:
        foreach: [us, uk, 'a b']
        do:
          cmd: cp data.txt 'model-${item}.txt'
          deps: [data.txt]
          outs: ['model-${item}.txt']
      tune:
        matrix: {lr: [0.1, 1e-5], deep: [true, false]}
        cmd: cp data.txt ${key}.tune
        deps: [data.txt]
        outs: ['${key}.tune']
      release:
        foreach: [us, uk]
        do:
          kind: deploy
          cmd: echo ${item} >> released.txt
          deps: [model-us.txt]
      after:
        cmd: echo after > after.txt
        needs: [train]
        outs: [after.txt]
    """)


def started(*arguments, **counts):
    return sorted(p.run(*arguments, **counts).started)


equal(started("train", ran=4), ["prepare", "train@a b", "train@uk", "train@us"], "a group, and what it needs")
equal(started("tune@0.1-*", ran=2, fresh=1), ["tune@0.1-false", "tune@0.1-true"], "a glob")
equal(started("-s", "tune", ran=2, fresh=2), ["tune@1e-05-false", "tune@1e-05-true"], "a group alone")
equal(started("after", ran=1, fresh=4), ["after"], "`needs` of a group")
equal(started("t*@u?", fresh=3), [], "a glob over two groups")
contains(p.refit("run", "--json", "release@*", exit=2).stderr, "`release@*` matches deploy stages alone", "--deploy")
equal(started("*", fresh=9), [], "everything but deploys")
equal(started("release", ran=2, fresh=2), ["release@uk", "release@us"], "a group that is named deploys")
equal(started("--deploy", "rel*@uk", ran=1, fresh=2), ["release@uk"], "a glob where deploys are asked for")
equal(sorted(p.read("released.txt").split()), ["uk", "uk", "us"], "what was released")
equal(sorted(p.verdicts("tune")), ["prepare", "tune@0.1-false", "tune@0.1-true", "tune@1e-05-false",
                                   "tune@1e-05-true"], "status of a group")
equal(set(p.verdicts("tune@*-true")), {"prepare", "tune@0.1-true", "tune@1e-05-true"}, "status of a glob")
graph = p.refit("graph", "--json", "train").json
equal(len(graph["stages"]), 4, "graph of a group")
equal(sorted(edge[0] for edge in p.refit("graph", "--json").json["edges"] if edge[1] == "after"),
      ["train@a b", "train@uk", "train@us"], "edges of `needs`")
equal(p.refit("graph", "--names").stdout.splitlines()[:5], ["prepare", "train", "train@us", "train@uk", "train@a b"],
      "names to complete: a group before its stages")

# Where one stage is meant, the members are named.
for command in ("why", "logs", "accept"):
    contains(p.refit(command, "train", exit=2).stderr, "`train` is a group; name one stage: `train@us`, `train@uk`, ")
contains(p.refit("why", "tune@*", exit=2).stderr, "`tune@*` is a glob; name one stage: `tune@0.1-true`, ")
contains(p.refit("why", "trian", exit=2).stderr, "no stage is called `trian`")
contains(p.refit("run", "trainx*", exit=2).stderr, "no stage or out is called `trainx*`")
contains(p.refit("run", "train@usa", exit=2).stderr, "did you mean `train@us`?")

# Outs of a group, and of a glob.
p.remove("model-us.txt", "model-uk.txt", "0.1-true.tune", "0.1-false.tune", "after.txt")
contains(p.refit("restore", "train").stdout, "2 restored, 1 fresh")
contains(p.refit("restore", "tune@0.1-t*").stdout, "1 restored")
equal((p.exists("model-us.txt"), p.exists("0.1-true.tune"), p.exists("0.1-false.tune"), p.exists("after.txt")),
      (True, True, False, False), "what came back")

# Names of outs win over globs, and stages over groups.
p.manifest("""\
    stages:
      one: {cmd: "echo 1 > 'a[1]'", outs: ['a[1]']}
      group: {cmd: echo 1 > g, outs: [g]}
      group@x: {cmd: echo 1 > gx, outs: [gx]}
      a1: {cmd: echo 1 > a1, outs: [a1]}
    """)
equal(started("a[1]", ran=1), ["one"], "an out whose name looks like a glob")
equal(started("group", ran=1), ["group"], "a stage whose name is a group's too")
equal(started("group*", ran=1, fresh=1), ["group@x"], "a glob")

p.manifest("""\
    stages:
      g: {foreach: [a, b], do: {cmd: echo, needs: [g]}}
    """)
contains(p.refit("run", exit=2).stderr, "refit.yaml:2:48: stage `g@a` needs the group `g`, which it belongs to")
