"""refit.lock may name outs that no store has: restore says so, status and a run say what they will do, and the run does
it."""
from harness import Project, contains, equal

p = Project("""\
    stages:
      one: {cmd: cp in.txt one.txt, deps: [in.txt], outs: [one.txt]}
      two: {cmd: cp one.txt two.txt, deps: [one.txt], outs: [two.txt]}
    """)
p.write("in.txt", "1\n")
p.run(ran=2)
p.remove(".refit", "one.txt", "two.txt")  # as in a clone on another machine
lock = p.bytes("refit.lock")
contains(p.refit("restore", exit=5).stderr, "the store does not have one.txt of stage `one`", "run the stage")
equal(p.status()["one"]["verdict"], "would run", "what a run would do")
contains(p.refit("why", "one").stdout, "the store has no record of it")
result = p.refit("run", "--json")
equal(result.states, {"one": "ran", "two": "ran"}, "the run")
equal(p.bytes("refit.lock") == lock, True, "refit.lock")
p.remove("one.txt")
p.refit("restore")
p.run(fresh=2)
