"""An out that was deleted comes back from the store; what depends on it stays fresh."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
model = p.bytes("model.txt")
p.remove("model.txt")
equal(p.run(restored=1, fresh=2).states.get("train"), "restored", "state of train")
equal(p.bytes("model.txt"), model, "the model")
p.remove("work", "model.txt", "metrics.json")
p.run(restored=3)
equal(p.bytes("model.txt"), model, "the model")
equal(p.read("work/test.txt"), "four\nfive\n", "an out in a folder that had gone too")
