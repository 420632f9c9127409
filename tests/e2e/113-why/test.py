"""`why` names each input that changed, with both values, from refit.lock alone."""
from harness import contains, equal, expect, pipeline

p = pipeline()
equal(p.why("split")[0], "would run", "before the first run")
equal(p.why("train")[0], "may run", "before the first run")
p.run(ran=3)
equal(p.why("train"), ("fresh", {}), "after it")

p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
wanted = {("params", "params.yaml:train.lr"): ("0.1", "0.2")}
equal(p.why("train"), ("would run", wanted), "a changed parameter")
text = p.refit("why", "train").stdout
contains(text, "params.yaml:train.lr", "0.1", "0.2")
expect("split" not in text, "why tells of nothing else")
p.remove(".refit/state")
equal(p.why("train"), ("would run", wanted), "without the state")
contains(p.run(fresh=1, ran=2).start_reason("train"), "params.yaml:train.lr")

p.write("data.txt", "uno\ndos\n")
p.replace("refit.yaml", "cmd: sh split.sh", "cmd: sh ./split.sh")
verdict, changes = p.why("split")
equal(verdict, "would run", "split")
equal({kind for kind, _ in changes}, {"cmd", "deps"}, "kinds of changes")
expect(("deps", "data.txt") in changes, f"data.txt is named: {changes}")
equal(next(value for (kind, _), value in changes.items() if kind == "cmd"), ("sh split.sh", "sh ./split.sh"), "cmd")

p.replace("refit.yaml", "deps: [train.sh, work/train.txt]", "deps: [train.sh, work/train.txt, data.txt]")
p.run(ran=3)
p.replace("refit.yaml", "deps: [train.sh, work/train.txt, data.txt]", "deps: [train.sh, work/train.txt]")
verdict, changes = p.why("train")
expect(("deps", "data.txt") in changes and changes["deps", "data.txt"][1] is None, f"a dep that is no more: {changes}")

contains(p.refit("why", "trian", exit=2).stderr, "trian", "did you mean", "train")

# What the tools printed last is in refit.lock too; and what something upstream leaves open hides nothing else.
q = pipeline()
q.replace("refit.yaml", "stages:\n", "tools: [echo interpreter 3]\nstages:\n")
q.run(ran=3)
q.remove(".refit/state")
q.replace("params.yaml", "lr: 0.1", "lr: 0.2")
equal(q.why("train"), ("would run", wanted), "without the state, with tools")
q.write("data.txt", "six\nseven\n")
equal(q.why("train"), ("may run", wanted), "while split may change its input")
