"""A stage that waited for its turn is built from its inputs and parameters as they are when it begins."""
from harness import equal, Project

p = Project("""\
    stages:
      first:
        cmd: touch begun; while [ ! -e go ]; do sleep 0.02; done; touch first.txt
        outs: [first.txt]
      after:
        cmd: touch after.txt
        deps: [first.txt]
        outs: [after.txt]
      edited:
        cmd: cp in.txt out.txt
        deps: [in.txt]
        outs: [out.txt]
      tuned:
        cmd: cp params.yaml tuned.txt
        params: [rate]
        outs: [tuned.txt]
    """)
p.write("in.txt", "old\n")
p.write("params.yaml", "rate: 1\n")
run = p.start("run", "--json", "-j1")  # the longest way first
p.wait_for("begun")
p.write("in.txt", "new\n")
p.write("params.yaml", "rate: 2\n")
p.write("go")
result = run.wait()
equal(result.started[0], "first", "what began first")
equal(result.counts["ran"], 4, "ran")
equal((p.read("out.txt"), p.read("tuned.txt")), ("new\n", "rate: 2\n"), "outs")
p.run(fresh=4)
