"""An out that is, or holds, a link out of the project fails its stage."""
from harness import contains, equal, Project

p = Project("stages:\n  a:\n    cmd: ln -s ../outside out\n    outs: [out]\n")
(p.base / "outside").write_text("x")
contains(p.run(failed=1, exit=1).reasons["a"], "out")
p.manifest("stages:\n  a:\n    cmd: mkdir out; ln -s /etc/passwd out/password\n    outs: [out]\n")
contains(p.run(failed=1, exit=1).reasons["a"], "out/password")
equal(p.store_stats()["records"], 0, "records")
