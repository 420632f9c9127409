"""`logs --follow` shows the log as it grows, and ends with the stage."""
from harness import contains, Project

p = Project("""\
    stages:
      slow:
        cmd: echo begin; touch started; until [ -e go ]; do sleep 0.02; done; echo end; echo x > slow.txt
        outs: [slow.txt]
    """)
run = p.start("run")
p.wait_for("started")
follow = p.start("logs", "slow", "--follow")
p.write("go")
run.wait()
contains(follow.wait().stdout, "begin", "end")
