"""A command need not be deterministic: a key may have several records, and outs equal to any of them are fresh."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      roll:
        cmd: cat dice > out.txt
        outs: [out.txt]
    """)
# dice is not declared: the same key gives different outs.
p.write("dice", "first")
p.run(ran=1)
p.write("dice", "second")
p.run(fresh=1)
p.run("-B", ran=1)
equal(p.read("out.txt"), "second", "after -B")
equal(p.store_stats()["records"], 2, "records")
p.write("out.txt", "first")
p.run(fresh=1)
equal(p.read("out.txt"), "first", "an out equal to the older record stays")
p.write("out.txt", "second")
p.run(fresh=1)

# The same outs again make no third record.
p.run("-B", ran=1)
equal(p.store_stats()["records"], 2, "records")
