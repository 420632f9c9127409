"""A missing out of a frozen stage comes from refit.lock; without an entry there it is an error."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
model = p.bytes("model.txt")
p.replace("refit.yaml", "outs: [model.txt]", "outs: [model.txt]\n    frozen: true")
p.write("train.sh", "echo other > model.txt\n")
p.remove("model.txt")
p.run(fresh=2, restored=1)
equal(p.bytes("model.txt"), model, "the model")
p.remove("model.txt", "refit.lock", ".refit/state")
result = p.refit("run", "--json", exit=1)
equal(result.states["train"], "failed", "state of train")
contains(result.reasons["train"], "frozen")
equal(result.started, [], "commands started")
