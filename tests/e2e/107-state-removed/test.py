"""Losing the state costs time, never results: everything is still known to be fresh."""
from harness import pipeline

p = pipeline()
p.run(ran=3)
p.remove(".refit/state")
p.run(fresh=3)
p.remove(".refit/state")
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
p.remove(".refit/state", "model.txt")
p.run(fresh=2, restored=1)
