"""A command that dies of a signal fails its stage, and the reason says so."""
import re

from harness import expect, Project

p = Project("stages:\n  a:\n    cmd: kill -9 $$\n    outs: [a.txt]\n")
reason = p.run(failed=1, exit=1).reasons["a"]
expect(re.search(r"signal|kill", reason, re.IGNORECASE), f"the reason names the signal: {reason}")
