"""An input that is edited while its stage waits for its turn: the stage is built from what is there when it starts."""
from harness import equal, Project

p = Project("""\
    stages:
      first:
        cmd: echo x > started; while [ ! -e go ]; do sleep 0.01; done; echo a > a.txt
        outs: [a.txt]
      second:
        cmd: cp in.txt b.txt
        deps: [in.txt]
        outs: [b.txt]
    """)
p.write("in.txt", "one\n")
run = p.start("run", "--json", "-j1")
p.wait_for("started")
p.write("in.txt", "two, edited while queued\n")
p.write("go")
run.wait(exit=0)
equal(p.read("b.txt"), "two, edited while queued\n", "the out")
p.run(fresh=2)
