"""A dep that is a link to what another stage makes: without the edge its content would be read too early."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      use:
        cmd: cat latest > use.txt
        deps: [latest]
        outs: [use.txt]
      make:
        cmd: cp in.txt made.txt
        deps: [in.txt]
        outs: [made.txt]
    """)
p.link("latest", "made.txt")
p.write("in.txt", "one\n")
p.write("made.txt", "zero\n")
result = p.run(failed=1, skipped=1, exit=2)
contains(result.reasons["use"], "latest", "made.txt", "make")
p.replace("refit.yaml", "deps: [latest]", "deps: [latest, made.txt]")
p.run(ran=2)
p.write("in.txt", "two\n")
p.run(ran=2)
equal(p.read("use.txt"), "two\n", "in order")
