"""`env: [NAME=value]` sets a variable for the stage, whatever the caller has; its value is in the key."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo "$COLOUR" > a.txt
        env: [COLOUR=red]
        outs: [a.txt]
    """)
p.run(env={"COLOUR": "blue"}, ran=1)
equal(p.read("a.txt"), "red\n", "the out")
p.run(fresh=1)
p.replace("refit.yaml", "COLOUR=red", "COLOUR=green")
p.run(ran=1)
equal(p.read("a.txt"), "green\n", "the out")
