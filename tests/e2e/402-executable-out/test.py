"""The executable bit of an out is part of what was produced, and is restored."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      build:
        cmd: printf '#!/bin/sh\\necho built\\n' > tool; chmod +x tool
        outs: [tool]
      use:
        cmd: ./tool > used.txt
        deps: [tool]
        outs: [used.txt]
    """)
p.run(ran=2)
p.remove("tool")
p.run(restored=1, fresh=1)
expect(os.access(p.path("tool"), os.X_OK), "the bit is back")
p.path("tool").chmod(0o644)
p.run(restored=1, fresh=1)
expect(os.access(p.path("tool"), os.X_OK), "the bit is back")
equal(p.read("used.txt"), "built\n", "the out")
