"""`logs` shows what a stage's command wrote; of a restored stage, what it wrote when it ran."""
from harness import contains, equal, pipeline, Project

p = pipeline()
p.run(ran=3)
equal(p.refit("logs", "train").stdout, "training with 0.1\n", "the log")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
equal(p.refit("logs", "train").stdout, "training with 0.2\n", "the log")
p.replace("params.yaml", "lr: 0.2", "lr: 0.1")
p.run(fresh=1, restored=2)
equal(p.refit("logs", "train").stdout, "training with 0.1\n", "the log of the restored stage")
contains(p.refit("logs", "trian", exit=2).stderr, "trian", "train")

# For programs, as one document.
q = Project("stages:\n  talk:\n    cmd: echo one; echo two >&2\n    outs: []\n")
q.run(ran=1)
equal(q.refit("logs", "talk", "--json").stdout, '{"stage":"talk","text":"one\\ntwo\\n"}\n', "as JSON")
q.refit("logs", "--follow", "--json", "talk", exit=2)
