"""What a command of `tools` prints is in the key: another version of a tool is another key."""
from harness import contains, equal, expect, Project

p = Project("""\
    tools: [sh tool.sh]
    stages:
      a:
        cmd: echo a > a.txt
        outs: [a.txt]
      b:
        cmd: echo b > b.txt
        outs: [b.txt]
        tools: [sh other.sh]
    """)
p.write("tool.sh", "echo called >> calls.txt\necho version 1\n")
p.write("other.sh", "echo other 1\n")
p.run(ran=2)
equal(p.read("calls.txt"), "called\n", "a tool is asked once a run")
p.run(fresh=2)
p.write("other.sh", "echo other 2\n")
result = p.run(fresh=1, ran=1)
contains(result.start_reason("b"), "other.sh")
p.write("tool.sh", "echo version 2\n")
p.run(ran=2)
verdict, changes = p.why("a")
equal((verdict, changes), ("fresh", {}), "why")

# Readers use what was printed last; they run nothing.
p.write("tool.sh", "touch asked\necho version 3\n")
equal(p.verdicts(), {"a": "fresh", "b": "fresh"}, "status")
p.refit("why", "a")
p.refit("run", "-n")
expect(not p.exists("asked"), "a reader ran a tool")

# A tool that fails is an error, not a version.
p.write("tool.sh", "exit 9\n")
result = p.refit("run", exit=None)
expect(result.code in (1, 2), f"exit {result.code}")
contains(result.text, "tool.sh")
