"""A link in a directory dep that leads out of it and back in: where it arrives counts, not only what it says."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: for f in src/*; do cat "$f" 2>/dev/null; done > a.txt || true
        deps: [src]
        outs: [a.txt]
    """)
p.write("src/one", "1")
p.write("src/two", "2")
p.link("src/way", "../turn")
p.run(ran=1)
equal(p.bytes("a.txt"), b"12", "with a dangling link")
p.run(fresh=1)

p.link("turn", "src/one")
p.run(ran=1)
equal(p.bytes("a.txt"), b"121", "with one that comes back")
p.run(fresh=1)

p.remove("turn")
p.link("turn", "src/two")
p.run(ran=1)
equal(p.bytes("a.txt"), b"122", "with one that comes back elsewhere")
p.run(fresh=1)

# Over a folder outside that is a link, and over several links.
p.remove("turn")
p.write("src/deep/one", "d")
p.write("hops/one", "h")
p.link("turn", "hop/one")
p.link("hop", "hops")
p.run(ran=1)
equal(p.bytes("a.txt"), b"12h", "with one that stays out")
p.remove("hop")
p.link("hop", "src/deep")
p.run(ran=1)
equal(p.bytes("a.txt"), b"12d", "with one that comes back over a folder")

# What the text says itself is in the tree anyway: a whole folder that is moved is the same.
p.remove("src/way")
p.link("src/way", "one")
p.run(ran=1)
p.remove("src/way")
p.link("src/way", str(p.path("src/one")))
p.run(ran=1)
p.run(fresh=1)
