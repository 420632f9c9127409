"""A changed parameter reruns the stages that read it and what depends on them, nothing else."""
# tags: tsan
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.25")
result = p.run(fresh=1, ran=2)
equal(result.started, ["train", "evaluate"], "stages that ran")
contains(result.start_reason("train"), "params.yaml:train.lr", "0.1", "0.25")
equal(p.read("model.txt"), "lr 0.25\none\ntwo\nthree\n", "the model")

# A parameter that no stage reads changes nothing.
p.write("params.yaml", p.read("params.yaml") + "other: 1\n")
p.run(fresh=3)
