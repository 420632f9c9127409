"""Undeclared environment reaches the command, and is not in the key."""
from harness import equal, Project

p = Project("stages:\n  a:\n    cmd: echo \"$COLOUR\" > a.txt\n    outs: [a.txt]\n")
p.run(env={"COLOUR": "red"}, ran=1)
equal(p.read("a.txt"), "red\n", "the out")
p.run(env={"COLOUR": "blue"}, fresh=1)
p.run(fresh=1)
