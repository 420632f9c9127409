"""A loop of links among the deps is an error that names the link."""
from harness import contains, Project

p = Project("stages:\n  a:\n    cmd: cat x > a.txt\n    deps: [x]\n    outs: [a.txt]\n")
p.link("x", "y")
p.link("y", "x")
contains(p.run(failed=1, exit=1).reasons["a"], "x")

p.manifest("stages:\n  a:\n    cmd: ls src > a.txt\n    deps: [src]\n    outs: [a.txt]\n")
p.write("src/file", "")
p.link("src/up", "../src")
contains(p.run(failed=1, exit=1).reasons["a"], "src/up")
