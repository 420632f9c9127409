"""What is executed whatever comes from upstream `would run`, and not `may run`: with -B, always_changed, a deploy."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: cat in.txt > a.txt
        deps: [in.txt]
        outs: [a.txt]
      b:
        cmd: cat a.txt > b.txt
        deps: [a.txt]
        outs: [b.txt]
      always:
        cmd: cat a.txt > c.txt
        deps: [a.txt]
        outs: [c.txt]
        always_changed: true
      ship:
        kind: deploy
        cmd: cat b.txt > shipped.txt
        deps: [b.txt]
    """)
p.write("in.txt", "1\n")


def planned(*arguments):
    result = p.refit("run", "-n", "--json", "--deploy", *arguments)
    return {event["stage"]: event["verdict"] for event in result.of("stage_planned")}


p.run(ran=3)
p.write("in.txt", "2\n")
equal(planned(), {"a": "would run", "b": "may run", "always": "would run", "ship": "would run"}, "a change")
equal(set(planned("-B").values()), {"would run"}, "with -B")
