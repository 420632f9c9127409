"""Of several records restore takes the one that refit.lock names; without a lock the last of this workspace."""
from harness import equal, Project

p = Project("""\
    stages:
      roll:
        cmd: cat dice > out.txt
        outs: [out.txt]
    """)
p.write("dice", "first")
p.run(ran=1)
first = p.bytes("refit.lock")
p.write("dice", "second")
p.run("-B", ran=1)
second = p.bytes("refit.lock")

p.remove("out.txt")
p.run(restored=1)
equal(p.read("out.txt"), "second", "by the lock")

# As after git checkout of the older commit.
p.write("refit.lock", first)
p.remove("out.txt")
p.run(restored=1)
equal(p.read("out.txt"), "first", "by the older lock")

p.write("refit.lock", second)
p.remove("out.txt", ".refit/state")
p.run(restored=1)
equal(p.read("out.txt"), "second", "by the newer lock")

# The last of this workspace; and where nothing is known of that either, the oldest.
p.remove("out.txt", "refit.lock")
p.run(restored=1)
equal(p.read("out.txt"), "second", "the last of this workspace")
p.remove("out.txt", "refit.lock", ".refit/state")
p.run(restored=1)
equal(p.read("out.txt"), "first", "the oldest")

# The order in which outs are declared makes no difference, to the lock nor to the key.
q = Project("""\
    stages:
      roll:
        cmd: cp dice z.txt && cp dice a.txt
        outs: [z.txt, a.txt]
    """)
q.write("dice", "first")
q.run(ran=1)
older = q.bytes("refit.lock")
q.write("dice", "second")
q.run("-B", ran=1)
q.remove("a.txt", "z.txt")
q.write("refit.lock", older)
q.run(restored=1)
equal(q.read("a.txt"), "first", "by the older lock")
q.replace("refit.yaml", "outs: [z.txt, a.txt]", "outs: [a.txt, z.txt]")
q.run(fresh=1)
q.remove("a.txt", ".refit/state")
q.run(restored=1)
equal(q.read("a.txt"), "first", "in the other order")
