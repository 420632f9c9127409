"""What was built once is not built again: going back takes the outs from the store."""
# tags: tsan
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
before = p.snapshot("work", times=False), p.bytes("model.txt"), p.bytes("metrics.json")
p.replace("params.yaml", "lr: 0.1", "lr: 10.25")
p.run(fresh=1, ran=2)
p.replace("params.yaml", "lr: 10.25", "lr: 0.1")
result = p.run(fresh=1, restored=2)
equal(result.started, [], "commands started")
equal((p.snapshot("work", times=False), p.bytes("model.txt"), p.bytes("metrics.json")), before, "what came back")
p.run(fresh=3)
