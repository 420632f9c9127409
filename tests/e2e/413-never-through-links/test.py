"""Removal and restore never follow a link: what it leads to is left alone."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir -p out; cp in.txt out/a.txt
        deps: [in.txt]
        outs: [out]
      file:
        cmd: cp in.txt file.txt
        deps: [in.txt]
        outs: [file.txt]
    """)
p.write("in.txt", "one\n")
p.run(ran=2)
outside = p.base / "outside"
outside.mkdir()
(outside / "a.txt").write_text("precious\n")
(outside / "b.txt").write_text("precious too\n")


def put_links():
    p.remove("out", "file.txt")
    p.link("out", "../outside")
    p.link("file.txt", "../outside/b.txt")


put_links()
p.run(restored=2)
expect(not p.path("out").is_symlink() and not p.path("file.txt").is_symlink(), "the links are gone")
put_links()
p.write("in.txt", "two\n")
p.run(ran=2)
equal(p.read("out/a.txt"), "two\n", "the out")
equal(sorted((f.name, f.read_text()) for f in outside.iterdir()),
      [("a.txt", "precious\n"), ("b.txt", "precious too\n")], "what the links led to")
