"""refit.lock says what each stage was built from and what it produced: sorted, stable, written only when it changes."""
from harness import contains, equal, expect, pipeline, Project

p = pipeline()
p.run(ran=3)
first = p.bytes("refit.lock")
before = p.snapshot()[b"refit.lock"]
text = first.decode()
contains(text, "evaluate", "split", "train")
for word in ("params.yaml:train.lr", "0.1", "work/train.txt", "model.txt", "metrics.json", "sh train.sh"):
    contains(text, word)
for secret in (str(p.base), "pid"):
    expect(secret not in text, f"{secret} is not in refit.lock")
p.run(fresh=3)
equal(p.snapshot()[b"refit.lock"], before, "refit.lock after a no-op")

# The same bytes, however they came about.
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(fresh=1, ran=2)
second = p.read("refit.lock")
expect(second != text, "refit.lock changed")
old, new = text.splitlines(), second.splitlines()
equal(len(old), len(new), "lines")
expect(sum(a != b for a, b in zip(old, new)) <= 8, "one line a thing: few lines changed")
p.replace("params.yaml", "lr: 0.2", "lr: 0.1")
p.run(fresh=1, restored=2)
equal(p.bytes("refit.lock"), first, "refit.lock after going back")
p.remove("refit.lock")
p.run(fresh=3)
equal(p.bytes("refit.lock"), first, "refit.lock made anew")
p.run("-B", "-j3", ran=3)
equal(p.bytes("refit.lock"), first, "refit.lock after -B")

# A run of a part keeps the rest.
p.replace("params.yaml", "lr: 0.1", "lr: 0.3")
p.run("train", fresh=1, ran=1)
contains(p.read("refit.lock"), "evaluate", "metrics.json", "train")

# The digest is XXH3-128: of nothing, in its canonical form, this.
q = Project("stages:\n  a:\n    cmd: ': > empty'\n    outs: [empty]\n")
q.run(ran=1)
contains(q.read("refit.lock"), "99aa06d3014798d86001c324468d497f")
