"""A deploy runs only when it is named or with --deploy, and every time: never from a cache, never restored."""
import json

from harness import equal, Project, REFIT

p = Project("""\
    stages:
      build:
        cmd: echo model > model.txt
        outs: [model.txt]
      deploy:
        kind: deploy
        cmd: echo deployed >> deployments.txt; cp model.txt receipt.txt
        deps: [model.txt]
        outs: [receipt.txt]
      announce:
        cmd: cp receipt.txt announced.txt
        deps: [receipt.txt]
        outs: [announced.txt]
    """)
p.run(ran=1)
p.run(fresh=1)
p.run("--deploy", ran=2, fresh=1)
p.run("deploy", ran=1, fresh=1)
p.run("--deploy", ran=1, fresh=2)
equal(p.read("deployments.txt"), "deployed\n" * 3, "deployments")
p.remove("receipt.txt", "announced.txt")
p.run(fresh=1)
p.refit("restore")
equal(p.exists("receipt.txt"), False, "a deploy's out is never restored")
p.remove(".refit/state")
p.run("deploy", ran=1, fresh=1)
equal(p.read("deployments.txt"), "deployed\n" * 4, "deployments")
p.replace("refit.yaml", "echo model >", "exit 1; echo model >")
result = p.refit("run", "--json", "--deploy", exit=1)
equal(p.read("deployments.txt"), "deployed\n" * 4, "nothing is deployed after a failure")

# What it rests on is durable when it begins: others see it in the store.
p = Project(f"""\
    stages:
      build:
        cmd: echo model > model.txt
        outs: [model.txt]
      deploy:
        kind: deploy
        cmd: "'{REFIT}' store stats --json > stats.json"
        deps: [model.txt]
        outs: [stats.json]
    """)
p.run("--deploy", ran=2)
equal(json.loads(p.read("stats.json"))["records"], 1, "records when the deploy began")
