"""A stage that reran and produced the same bytes leaves its dependents fresh."""
# tags: tsan
from harness import equal, pipeline

p = pipeline()
p.run(ran=3)
p.write("split.sh", "# a comment\n" + p.read("split.sh"))
result = p.run(ran=1, fresh=2)
equal(result.started, ["split"], "stages that ran")
p.write("train.sh", "# another\n" + p.read("train.sh"))
equal(p.run(ran=1, fresh=2).started, ["train"], "stages that ran")
