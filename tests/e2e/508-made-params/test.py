"""A parameter file that a stage makes is an edge; it is read when it is ready, and only the keys that are used
count."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      train:
        cmd: grep lr gen/params.yaml > model.txt
        params: [{gen/params.yaml: [lr]}]
        outs: [model.txt]
      tune:
        cmd: cp best.txt gen/params.yaml
        deps: [best.txt]
        outs: [gen/params.yaml]
    """)
p.write("best.txt", "lr: 0.1\nnote: a\n")
equal(p.run("-j4", ran=2).started, ["tune", "train"], "ordered")
p.write("best.txt", "lr: 0.1\nnote: b\n")
equal(p.run(ran=1, fresh=1).started, ["tune"], "a key that is not used")
p.write("best.txt", "lr: 0.2\nnote: b\n")
result = p.run(ran=2)
contains(result.start_reason("train"), "gen/params.yaml:lr", "0.1", "0.2")
equal(p.read("model.txt"), "lr: 0.2\n", "the model")
p.write("best.txt", "rate: 0.2\n")
result = p.refit("run", "--json", exit=None)
equal(result.states["train"], "failed", "a key that is not there")
contains(result.reasons["train"], "lr")
