"""A model may be a folder: its digest is that of all files in it, and an approval is void once one of them changes."""
from approvals import Gated, canonical, sha256
from harness import equal

p = Gated()
p.remove("checks/release.json")
p.write("refit.yaml", """\
stages:
  train:
    cmd: mkdir -p model/sub; cp seed.txt model/a; cp seed.txt model/sub/b; ln -s a model/c
    deps: [seed.txt]
    outs: [model]
  ship: {kind: deploy, cmd: cat model/a >> shipped.txt, deps: [model]}
gates:
  release:
    model: model
    rows: {candidate: rows.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.5, max_drop: 0.1}}
""")
p.write("seed.txt", "1\n")
p.write("rows.csv", "id,y,p\n1,1,1\n")
equal(p.refit("run", "--json", "--deploy", exit=3).states["ship"], "blocked", "no baseline")
one = sha256("1\n")
digest = sha256(canonical({"a": one, "c": "link:a", "sub/b": one})[:-1])
equal(p.refit("check", "model", "release", "--json", exit=3).json["inputs"]["model"],
      {"bytes": 4, "role": "model", "sha256": digest}, "the model in the verdict")
approval = p.approve("ana", "--reason", "seen")
equal(p.statement(approval["file"])["subject"], [{"name": "model", "digest": {"sha256": digest}}], "the subject")
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "approved")
p.write("seed.txt", "2\n")
equal(p.refit("run", "--json", "--deploy", exit=3).states["ship"], "blocked", "another file in the folder")
equal(p.states(), {"ana": ("void", "the model has changed")}, "the approval")
