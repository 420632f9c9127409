"""-n ends as the run would: 2 for a fault in parameters or resources that are not there, 1 for a missing dep."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        outs: [a.txt]
      param:
        cmd: echo
        params: [x]
      dep:
        cmd: cat nosuch.txt
        deps: [nosuch.txt]
      large:
        cmd: echo
        resources: {mem: 50T}
    """)
p.write("params.yaml", "y: 1\n")
for target, exit in (("a", 0), ("param", 2), ("dep", 1), ("large", 2)):
    dry = p.refit("run", "-n", target, exit=exit)
    if exit == 0:
        continue
    real = p.refit("run", target, exit=exit)
    if target == "large":
        contains(dry.stderr, "refit.yaml:13:17: stage `large` wants 51200G mem, but the total is ")
        equal(dry.text, real.text, "message")
