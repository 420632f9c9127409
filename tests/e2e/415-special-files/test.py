"""FIFOs and sockets are errors, as deps, inside them, and as outs; the run does not hang on them."""
import os

from harness import contains, Project

p = Project("stages:\n  a:\n    cmd: echo a > a.txt\n    deps: [pipe]\n    outs: [a.txt]\n")
os.mkfifo(p.path("pipe"))
contains(p.run(failed=1, exit=1).reasons["a"], "pipe", "FIFO")

p.manifest("stages:\n  a:\n    cmd: echo a > a.txt\n    deps: [src]\n    outs: [a.txt]\n")
p.write("src/x", "")
os.mkfifo(p.path("src/inside"))
contains(p.run(failed=1, exit=1).reasons["a"], "src/inside")

p.manifest("stages:\n  a:\n    cmd: mkfifo out.pipe\n    outs: [out.pipe]\n")
contains(p.run(failed=1, exit=1).reasons["a"], "out.pipe")
