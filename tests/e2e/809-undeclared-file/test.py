"""A command that names a project file which is not among its deps draws a warning; declared files do not."""
import re

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      a:
        cmd: cat declared.txt forgotten.txt not-there.txt folder/x.txt > a.txt || true
        deps: [declared.txt, folder]
        params: [x]
        outs: [a.txt]
      b:
        cmd: cp a.txt b.txt; grep x params.yaml >> b.txt
        deps: [a.txt]
        params: [x]
        outs: [b.txt]
    """)
for name in ("declared.txt", "forgotten.txt", "folder/x.txt"):
    p.write(name, name)
p.write("params.yaml", "x: 1\n")
result = p.run(ran=2)
equal(len(result.warnings), 1, f"warnings: {result.warnings}")
contains(result.warnings[0], "forgotten.txt")
expect(re.search(r"\ba\b", result.warnings[0]), f"the stage is named: {result.warnings[0]}")
equal(p.run(fresh=2).warnings, [], "nothing is said of stages that do not run")
