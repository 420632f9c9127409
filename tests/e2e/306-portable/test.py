"""The platform is in the key, unless a stage says that it is portable."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      native:
        cmd: echo 1 > native.txt
        outs: [native.txt]
      portable:
        cmd: echo 2 > portable.txt
        outs: [portable.txt]
        portable: true
    """)
p.run(ran=2)
lock = p.read("refit.lock")
native, portable = lock[lock.index("native"):lock.index("  portable:")], lock[lock.index("  portable:"):]
machine = os.uname().machine
expect(machine in native, f"the architecture in native's fields:\n{native}")
expect(machine not in portable, f"no architecture in portable's fields:\n{portable}")
p.replace("refit.yaml", "outs: [native.txt]", "outs: [native.txt]\n    portable: true")
p.run(ran=1, fresh=1)
equal(p.why("native"), ("fresh", {}), "why")
