"""A dep that is a link to a folder is followed: its text counts, and what is in the folder; what it no longer leads to
does not."""
from harness import Project, equal

p = Project("stages: {s: {cmd: cat current/* > out.txt, deps: [current], outs: [out.txt]}}\n")
for version, text in (("v1", "one\n"), ("v2", "two\n")):
    p.write(f"{version}/data", text)
p.link("current", "v1")
p.run(ran=1)
p.touch("v1/data")
p.run(fresh=1)
p.remove("current")
p.link("current", "v2")
p.run(ran=1)
equal(p.read("out.txt"), "two\n", "the out")
p.write("v2/data", "three\n")
p.run(ran=1)
p.write("v2/more", "and four\n")
p.run(ran=1)
equal(p.read("out.txt"), "three\nand four\n", "the out")
p.write("v1/data", "changed, and nobody leads there\n")
p.run(fresh=1)
p.remove("current", "v2/more")
p.write("v1/data", "one\n")
p.link("current", "v1")
p.run(restored=1)
equal(p.read("out.txt"), "one\n", "the first one again")
