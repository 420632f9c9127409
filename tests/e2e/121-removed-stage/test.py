"""A stage that is no more leaves refit.lock; what it made stays."""
from harness import equal, expect, pipeline

p = pipeline()
p.run(ran=3)
text = p.read("refit.yaml")
p.write("refit.yaml", text[:text.index("  evaluate:")])
p.run(fresh=2)
expect(p.exists("metrics.json"), "its outs stay")
expect("evaluate" not in p.read("refit.lock"), "its entry goes")
p.write("refit.yaml", text)
p.run(fresh=3)
expect("evaluate" in p.read("refit.lock"), "its entry is back")
equal(p.run(fresh=3).started, [], "nothing to do")
