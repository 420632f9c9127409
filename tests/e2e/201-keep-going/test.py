"""A failure stops the start of new stages; -k N goes on until N have failed; what depends on a failure is skipped."""
# tags: tsan
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      bad1:
        cmd: echo trouble one; exit 3
        outs: [bad1.txt]
      bad2:
        cmd: exit 4
        outs: [bad2.txt]
      after:
        cmd: cp bad1.txt after.txt
        deps: [bad1.txt]
        outs: [after.txt]
      last:
        cmd: cp after.txt last.txt
        deps: [after.txt]
        outs: [last.txt]
      good:
        cmd: echo good > good.txt
        outs: [good.txt]
    """)
result = p.run("-j1", failed=1, skipped=4, exit=1)
equal(result.states["bad1"], "failed", "state of bad1")
contains(result.reasons["bad1"], "3")
equal(next(e["exit_code"] for e in result.of("stage_finished") if e["stage"] == "bad1"), 3, "exit_code")
expect(not p.exists("good.txt"), "nothing was started after the failure")

result = p.run("-j1", "-k2", failed=2, skipped=3, exit=1)
result = p.run("-j1", "-k", "0", failed=2, skipped=2, ran=1, exit=1)
equal({name for name, state in result.states.items() if state == "skipped"}, {"after", "last"}, "skipped stages")
contains(result.reasons["after"], "bad1")
p.run("-k", failed=2, skipped=2, fresh=1, exit=1)

text = p.refit("run", "-k0", exit=1)
contains(text.stdout, "bad1", "trouble one")
