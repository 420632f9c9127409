"""-B executes what is fresh; with -s the named stage alone."""
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
equal(p.run("-B", ran=3).started, ["split", "train", "evaluate"], "stages that ran")
p.run("-B", "-s", "train", ran=1)
p.run("--force", "train", ran=2)
p.run(fresh=3)
