"""Freshness: a verdict has the newest time; how old that is is judged when what depends on it is about to start."""
import time

from harness import contains, equal, Project

p = Project("""\
    stages:
      train:
        cmd: cp table.csv model.txt
        deps: [table.csv]
        outs: [model.txt]
    expect:
      table:
        data: table.csv
        freshness: {column: at, max_age: 3s}
    """)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


p.write("table.csv", f"at\n{stamp(60)}\n2020-01-01\n")
p.run(ran=2)
p.write("table.csv", f"at\n{stamp(0)}\n2020-01-01\n")
p.run(ran=2)
verdict = p.bytes("checks/table.json")
time.sleep(5)
result = p.refit("run", "--json", exit=4)
equal(result.states, {"table": "fresh", "train": "blocked"}, "after a while")
contains(result.reasons["train"], "the check `table` failed: freshness of `at`: the newest is ", "older than 3s")
equal(p.bytes("checks/table.json"), verdict, "the verdict")
contains(p.refit("status").stdout, "older than 3s")

# A run that finds everything fresh does not make the next one believe that it still is.
p.write("table.csv", f"at\n{stamp(2)}\n")
p.run(ran=2)
p.run(fresh=2)
p.run(fresh=2)
time.sleep(6)
p.refit("run", exit=4)
