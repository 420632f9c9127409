"""Only the user's executable bit of a dep counts; other permissions do not."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      a:
        cmd: ./tool > a.txt
        deps: [tool]
        outs: [a.txt]
    """)
p.write("tool", "#!/bin/sh\necho hello\n", executable=True)
p.run(ran=1)
p.path("tool").chmod(0o777)
p.run(fresh=1)
p.path("tool").chmod(0o744)
p.run(fresh=1)
p.path("tool").chmod(0o644)
expect(("deps", "tool") in p.why("a")[1], "the bit is an input")
p.run(failed=1, exit=1)
p.path("tool").chmod(0o755)
# The failure removed the out; it is in the store.
p.run(restored=1)
equal(p.read("a.txt"), "hello\n", "the out")
