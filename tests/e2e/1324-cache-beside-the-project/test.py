"""A project in a folder of its repository: a store that the repository has beside it is no more to be relied on than
one in it; one that it does not have is."""
import shutil

from approvals import ALONE, Gated
from harness import contains, equal

p = Gated()
p.remove("checks/release.json", "model.bin")
p.write("refit.yaml", """\
stages:
  train: {cmd: cp seed.txt model.bin, deps: [seed.txt], outs: [model.bin]}
  predict: {cmd: cp truth.csv rows.csv, deps: [model.bin, truth.csv], outs: [rows.csv]}
  ship: {kind: deploy, cmd: cat model.bin >> shipped.txt, deps: [model.bin]}
""" + ALONE % 0.7)
p.write("truth.csv", "id,y,p\n1,1,1\n2,0,0\n")
p.write("seed.txt", "1\n")
top = p.base / "repository"
top.mkdir()
shutil.move(p.root, top / "project")
p.root = top / "project"
(top / ".gitignore").write_text(".refit/\n")


def commit():
    p.git("add", "-A", "-f", ".", cwd=top)
    p.git("rm", "-r", "-q", "--cached", "--ignore-unmatch", "project/.refit", cwd=top)
    p.git("commit", "-q", "-m", "m", cwd=top)


p.git("init", "-q", "-b", "main", cwd=top)
p.policy()
p.run(ran=3)
commit()
p.policy(protected=p.publish())
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "as on the protected branch")
shutil.copytree(p.path(".refit/store"), top / "cache")
p.write("refit.config.yaml", "store: {path: ../cache}\n")
equal(p.refit("run", "--json", "--deploy").states["ship"], "ran", "a store of this machine")
commit()
result = p.refit("run", "--json", "--deploy", exit=3)
equal(result.states["ship"], "blocked", "a store of the repository")
contains(result.reasons["ship"], "a store or state of refit came with the checkout")
