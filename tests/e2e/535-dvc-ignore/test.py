""".dvcignore, one a folder, says what does not count in folders that stages read, and which dvc.yaml are left out."""
from dvc import DvcProject
from harness import equal

p = DvcProject("stages: {a: {cmd: 'echo a > a', deps: [data], outs: [a]}}\n")
p.write(".dvcignore", "# remark\n*.tmp\n/old\n")
p.write("data/[x]/.dvcignore", "/local\n!keep.tmp\n")
FILES = {"data/a": True, "data/b.tmp": False, "data/old": True, "data/local": True, "data/[x]/local": False,
         "data/[x]/keep.tmp": True, "data/[x]/c.tmp": False, "data/[x]/deep/local": True,
         "data/[x]/deep/keep.tmp": True,
         "data/keep.tmp": False}
for name in FILES:
    p.write(name, "1")
for name in ("old/dvc.yaml", "data/[x]/local.tmp/dvc.yaml"):
    p.write(name, "stages: {b: {cmd: 'false'}}\n")
before = p.of_dvc()
p.run(ran=1)
for name, counts in FILES.items():
    p.write(name, "2")
    equal(p.verdicts()["a"], "would run" if counts else "fresh", f"after a change of {name}")
    p.run(**({"ran": 1} if counts else {"fresh": 1}))
