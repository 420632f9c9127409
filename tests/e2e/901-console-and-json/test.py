"""What a stage of `console: true` prints does not come between JSON lines."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      ask:
        cmd: echo loud; echo louder >&2; echo x > x.txt
        outs: [x.txt]
        console: true
    """)
result = p.run(ran=1)
equal(result.states, {"ask": "ran"}, "events")
contains(result.stderr, "loud", "louder")
p.remove("x.txt", ".refit", "refit.lock")
result = p.refit("run")
contains(result.stdout, "loud\n")
contains(p.refit("logs", "ask", exit=2).stderr, "no log of `ask`", "`console`")
expect("louder" in result.stderr, "stderr is the program's own")
