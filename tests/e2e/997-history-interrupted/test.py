"""An interrupted run that did something is in the history, with how it ended; one that did nothing is not."""
import signal

from harness import contains, equal, Project

p = Project("""\
    stages:
      first:
        cmd: cp in.txt first.txt
        deps: [in.txt]
        outs: [first.txt]
      second:
        cmd: touch there; while [ ! -e go ]; do sleep 0.05; done; cp first.txt second.txt
        deps: [first.txt]
        outs: [second.txt]
      third:
        cmd: cp second.txt third.txt
        deps: [second.txt]
        outs: [third.txt]
    """)
p.write("in.txt", "one\n")
run = p.start("run", "--json")
p.wait_for("there")
run.signal(signal.SIGINT)
run.wait(exit=130)
shown = p.refit("show", "--json").json
equal((shown["exit_status"], shown["ran"], shown["failed"], shown["skipped"]), (130, 1, 1, 1), "what it did")
equal(sorted((stage["stage"], stage["state"]) for stage in shown["stages"]),
      [("first", "ran"), ("second", "failed"), ("third", "skipped")], "stages")
equal([build["stage"] for build in shown["builds"]], ["first"], "what is made")
contains(p.refit("history", "--failed").stdout, "1 ran, 1 failed, 1 skipped")
p.write("go")
p.run(fresh=1, ran=2)
equal([build["stage"] for build in p.refit("show", "--json").json["builds"]], ["first", "second", "third"], "all of it")

# So is a run that must not change refit.lock, and would.
p.write("in.txt", "two\n")
p.refit("run", "--locked", exit=1)
shown = p.refit("show", "--json").json
equal((shown["command"], shown["exit_status"], shown["ran"], shown["changed"]), ("run --locked", 1, 3, 3),
      "what it did")
p.write("in.txt", "one\n")
p.run(restored=3)

# A stage that is no longer declared is gone from then on, and back in the run before.
p.manifest("""\
    stages:
      first:
        cmd: cp in.txt first.txt && true
        deps: [in.txt]
        outs: [first.txt]
    """)
p.run(ran=1)
equal([build["stage"] for build in p.refit("show", "--json").json["builds"]], ["first"], "what is declared")
equal(len(p.refit("show", "--json", "-1").json["builds"]), 3, "as it was")
