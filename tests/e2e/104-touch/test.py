"""A file that was only touched, or written again with the same bytes, executes nothing."""
from harness import pipeline

p = pipeline()
p.run(ran=3)
for name in ("data.txt", "split.sh", "params.yaml", "work/train.txt", "model.txt"):
    p.touch(name)
p.run(fresh=3)
p.write("data.txt", p.read("data.txt"))
content = p.bytes("model.txt")
p.remove("model.txt")
p.write("model.txt", content)
p.run(fresh=3)
