"""A store that cannot be used is refused with a sentence and exit 5."""
from harness import contains, Project

p = Project("stages:\n  a:\n    cmd: echo a > a.txt\n    outs: [a.txt]\n")
(p.base / "file").write_text("not a folder\n")
for arguments in (["run"], ["status"], ["restore"], ["gc"], ["verify"], ["store", "stats"],
                  ["store", "import", "/dev/null"], ["store", "export", "all.refit", "--all"]):
    contains(p.refit(*arguments, env={"REFIT_STORE": str(p.base / "file")}, exit=5).stderr,
             f"{p.base / 'file'} is to hold the store, and is no folder; set REFIT_STORE (or store.path) to a folder")
broken = p.base / "broken"
broken.mkdir()
(broken / "data.mdb").write_bytes(b"this is no LMDB environment\n" * 1000)
contains(p.refit("run", env={"REFIT_STORE": str(broken)}, exit=5).text, str(broken))
p.run(ran=1)
