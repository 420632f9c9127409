"""Deps may stand outside the project: `../` and absolute paths are followed like others; outs may not."""
from harness import contains, equal, Project

p = Project()
(p.base / "shared").mkdir()
near, far = p.base / "shared/near.txt", p.base / "shared/far.txt"
near.write_text("near 1\n")
far.write_text("far 1\n")
p.manifest(f"""\
    stages:
      a:
        cmd: cat ../shared/near.txt {far} > a.txt
        deps: [../shared/near.txt, {far}]
        outs: [a.txt]
      b:
        cmd: cp {p.root}/a.txt b.txt
        deps: ["{p.root}/a.txt"]
        outs: [b.txt]
    """)
p.run(ran=2)
equal(p.read("b.txt"), "near 1\nfar 1\n", "the outs")
p.run(fresh=2)
near.write_text("near 2\n")
p.run(ran=2)
far.write_text("far 2\n")
equal(p.run(ran=2).started, ["a", "b"], "an absolute path in the project is the relative one")
equal(p.read("b.txt"), "near 2\nfar 2\n", "the outs")
p.manifest("stages:\n  a:\n    cmd: echo x > ../x.txt\n    outs: [../x.txt]\n")
contains(p.refit("run", exit=2).stderr, "refit.yaml:4:", "../x.txt")
