"""`always_changed` executes every time; its outs are compared like any others, and stored."""
from harness import equal, Project

p = Project("""\
    stages:
      ask:
        cmd: cat world > answer.txt
        outs: [answer.txt]
        always_changed: true
      use:
        cmd: cp answer.txt used.txt
        deps: [answer.txt]
        outs: [used.txt]
    """)
p.write("world", "1")
p.run(ran=2)
p.run(ran=1, fresh=1)
p.write("world", "2")
p.run(ran=2)
p.write("world", "1")
equal(p.run(ran=1, restored=1).started, ["ask"], "what follows is restored")
equal(p.verdicts(), {"ask": "would run", "use": "may run"}, "status")
