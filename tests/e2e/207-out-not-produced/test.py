"""A declared out that was not produced fails the stage, though its command gave 0."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      make:
        cmd: echo a > a.txt
        outs: [a.txt, b.txt]
      use:
        cmd: cp b.txt c.txt
        deps: [b.txt]
        outs: [c.txt]
    """)
result = p.run(failed=1, skipped=1, exit=1)
contains(result.reasons["make"], "b.txt")
equal(p.store_stats()["records"], 0, "records")
# What was there before does not count: outs are removed first.
p.write("b.txt", "old\n")
p.run(failed=1, skipped=1, exit=1)
