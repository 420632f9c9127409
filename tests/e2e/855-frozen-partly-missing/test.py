"""Of a frozen stage only the missing outs are brought back: those that are there are sources."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: cp in.txt a.txt; cp in.txt b.txt
        deps: [in.txt]
        outs: [a.txt, b.txt]
      use:
        cmd: cat a.txt b.txt > c.txt
        deps: [a.txt, b.txt]
        outs: [c.txt]
    """)
p.write("in.txt", "made\n")
p.run(ran=2)
lock = p.read("refit.lock")
p.replace("refit.yaml", "deps: [in.txt]", "deps: [in.txt]\n    frozen: true")
p.write("a.txt", "edited\n")
p.remove("b.txt")
p.run(restored=1, ran=1)
equal((p.read("a.txt"), p.read("b.txt"), p.read("c.txt")), ("edited\n", "made\n", "edited\nmade\n"), "the outs")
equal(p.read("refit.lock").split("  use:")[0], lock.split("  use:")[0], "what refit.lock says of the frozen stage")
p.run(fresh=2)
p.replace("refit.yaml", "outs: [a.txt, b.txt]", "outs: [a.txt, b.txt, new.txt]")
result = p.run("make", failed=1, exit=1)
expect("refit.lock does not know" in result.reasons["make"], result.reasons["make"])
