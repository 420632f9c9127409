"""A stage with deps and no outs is done when it has a record; one with neither runs always."""
from harness import equal, Project

p = Project("""\
    stages:
      test:
        cmd: cat tests.txt
        deps: [tests.txt]
      hello:
        cmd: echo hello
    """)
p.write("tests.txt", "1")
p.run(ran=2)
equal(p.run(fresh=1, ran=1).started, ["hello"], "the second run")
p.remove(".refit/state")
equal(p.run(fresh=1, ran=1).started, ["hello"], "without the state")
p.write("tests.txt", "2")
p.run(ran=2)
p.write("tests.txt", "1")
equal(p.refit("run", "--json", "test").started, [], "a record is enough")
