"""Several dvc.yaml share one graph; stages are addressed as DVC does it, from where the user stands."""
from dvc import DvcProject
from harness import contains, equal

p = DvcProject("""\
stages:
  train:
    cmd: cat sub/raw deep/er/raw > model; echo $DVC_STAGE >> model
    deps: [sub/raw, deep/er]
    outs: [model]
  apart:
    cmd: echo apart > apart
    outs: [apart]
""")
STAGE = "stages:\n  get:\n    cmd: echo $DVC_STAGE > raw\n    outs: [raw]\n"
p.write("sub/dvc.yaml", STAGE + "  train:\n    cmd: cp ../model copy\n    deps: [../model]\n    outs: [copy]\n")
p.write("deep/er/dvc.yaml", STAGE)
p.write("other/.dvc/config")
p.write("other/dvc.yaml", "stages: {theirs: {cmd: 'false'}}\n")
p.write("empty/dvc.yaml", "")
p.link("linked", "deep")
p.path("nothing").mkdir()
before = p.of_dvc()
names = ["train", "apart", "deep/er/dvc.yaml:get", "sub/dvc.yaml:get", "sub/dvc.yaml:train"]
sub, nothing = p.path("sub"), p.path("nothing")
equal(sorted(p.verdicts()), sorted(names), "the stages of all files at the root")

# In a folder with a dvc.yaml: its stages, and what they need.
result = p.run(cwd=sub, ran=4)
equal(sorted(result.started), sorted(set(names) - {"apart"}), "what a folder's stages need")
equal(p.read("model"), "sub/dvc.yaml:get\ndeep/er/dvc.yaml:get\ntrain\n", "DVC_STAGE")
p.run(ran=1, fresh=4)
p.run(cwd=nothing, fresh=5)


def stages(folder, *targets):
    answer = p.refit("status", "--json", *targets, cwd=folder).json
    return sorted(each["name"] for each in answer["stages"])


equal(stages(sub, "get"), ["sub/dvc.yaml:get"], "a name is that of the folder's file first")
equal(stages(sub, "apart"), ["apart"], "then that of the graph")
equal(stages(sub, "../dvc.yaml:apart"), ["apart"], "another file's stage")
equal(stages(sub, "../deep/er/dvc.yaml:get"), ["deep/er/dvc.yaml:get"], "another file's stage")
equal(stages(p.root, "sub/dvc.yaml:get"), ["sub/dvc.yaml:get"], "from the root")
equal(stages(p.root, "dvc.yaml:apart"), ["apart"], "from the root, in full")
equal(stages(nothing, "deep/er/dvc.yaml:get"), ["deep/er/dvc.yaml:get"], "what refit prints may be given to it")
equal(stages(nothing, "../deep/er/dvc.yaml"), ["deep/er/dvc.yaml:get"], "a whole file")
equal(stages(p.base, "-f", "project/deep/er/dvc.yaml"), ["deep/er/dvc.yaml:get"], "-f is the file that is meant")
equal(stages(p.base, "-f", "project/sub/dvc.yaml", "get"), ["sub/dvc.yaml:get"], "-f says whose names are meant")
equal(stages(sub, "raw"), ["sub/dvc.yaml:get"], "an out, by its path from here")
contains(p.refit("status", "aprat", cwd=sub, exit=2).stderr, "did you mean `apart`?")
contains(p.refit("why", "get", cwd=sub).stdout, "sub/dvc.yaml:get is fresh")
equal(p.refit("logs", "../dvc.yaml:train", "--json", cwd=sub).json["stage"], "train", "logs")
contains(p.refit("graph").stdout, "train ← deep/er/dvc.yaml:get, sub/dvc.yaml:get\n")
equal(sorted(path.name for path in p.path(".refit/logs").iterdir()),
      ["apart.log", "deep%2Fer%2Fdvc.yaml:get.log", "sub%2Fdvc.yaml:get.log", "sub%2Fdvc.yaml:train.log", "train.log"],
      "logs")

# An attempt that fails, and its place.
p.replace("sub/dvc.yaml", "echo $DVC_STAGE > raw", "echo half > raw; false")
equal(p.refit("run", "--json", "get", cwd=sub, exit=1).states, {"sub/dvc.yaml:get": "failed"}, "states")
equal(p.read(".refit/attempts/sub%2Fdvc.yaml:get/sub/raw"), "half\n", "the attempt")
p.replace("sub/dvc.yaml", "echo half > raw; false", "echo $DVC_STAGE > raw")

# Without a .dvc, the nearest dvc.yaml makes the project.
p.path(".dvc").rename(p.base / "aside")
equal(stages(p.path("deep/er")), ["get"], "the nearest dvc.yaml")
contains(p.refit("status", cwd=p.base, exit=2).stderr, "no refit.yaml in", "and no dvc.yaml")
(p.base / "aside").rename(p.path(".dvc"))
p.write("dvc.yaml", p.read("dvc.yaml").replace("outs: [apart]", "outs: [sub/raw]"))
contains(p.refit("status", exit=2).stderr, "`apart` and `sub/dvc.yaml:get` both have the out `sub/raw`")
