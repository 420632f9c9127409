"""A metric that cannot be read is an error (2), and does not keep the others from being shown."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      a:
        cmd: echo '{' > a.json
        metrics: [a.json]
      b:
        cmd: mkdir b; echo 1 > b/x
        metrics: [b]
      c:
        cmd: echo 0.5 > c.txt
        metrics: [c.txt]
    """)
p.run(ran=3)
result = p.refit("metrics", exit=2)
equal(result.stdout, "c  c.txt  value  0.5\n", "what can be read")
contains(result.stderr, "refit: a.json:2:1: ")
contains(p.refit("metrics", "b", exit=2).stderr, "refit: b is a folder")
equal(p.refit("metrics", "--json", exit=2).json,
      {"metrics": [{"stage": "c", "path": "c.txt", "values": {"value": "0.5"}}]}, "JSON")
