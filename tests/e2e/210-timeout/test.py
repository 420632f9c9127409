"""A stage that takes longer than its `timeout` fails, and nothing of it lives on."""
# tags: tsan
import re

from harness import equal, expect, is_alive, Project

p = Project("""\
    stages:
      polite:
        cmd: echo $$ > polite.pid; sleep 300
        outs: [a.txt]
        timeout: 0.5s
      stubborn:
        cmd: trap '' TERM INT; echo $$ > stubborn.pid; while :; do sleep 0.05; done
        outs: [b.txt]
        timeout: 0.5s
    """)
p.write("refit.config.yaml", "grace: 0.5s\n")
result = p.run("-k0", "-j2", failed=2, exit=1)
for name in ("polite", "stubborn"):
    expect(re.search(r"time|took", result.reasons[name], re.IGNORECASE), f"the reason: {result.reasons[name]}")
    expect(not is_alive(p.wait_pid(f"{name}.pid")), f"{name} is dead")
equal(p.store_stats()["records"], 0, "records")
