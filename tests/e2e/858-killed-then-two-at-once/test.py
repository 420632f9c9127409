"""Runs that begin at the same time after one was killed do not take each other for what it left behind."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        always_changed: true
        outs: [a.txt]
    """)
p.run(ran=1)
for _ in range(30):
    p.write(".refit/lock", "999999999 1\n")
    runs = [p.start("run", "--wait") for _ in range(4)]
    equal([run.wait(exit=None).code for run in runs], [0, 0, 0, 0], "exit statuses")
