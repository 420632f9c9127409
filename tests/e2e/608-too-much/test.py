"""A stage that wants more of a resource than there is, is an error before anything runs."""
from harness import contains, equal, Project

for line, name in (("gpus: 3", "gpus"), ("cpus: 9", "cpus"), ("mem: 5G", "mem"), ("licences: 1", "licences")):
    p = Project(f"""\
        stages:
          first:
            cmd: echo x > x.txt
            outs: [x.txt]
          big:
            cmd: echo y > y.txt
            outs: [y.txt]
            resources: {{{line}}}
        """)
    p.write("refit.config.yaml", "resources: {gpus: 2, cpus: 4, mem: 1G}\n")
    result = p.refit("run", exit=2)
    contains(result.stderr, "refit.yaml:8:", name)
    equal(p.exists("x.txt"), False, "nothing ran")
