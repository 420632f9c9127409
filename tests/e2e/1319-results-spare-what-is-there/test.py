"""A verdict or profile never takes the place of what it is about, of the manifest, or of what is no regular file."""
import os

from harness import contains, equal, expect, Project

p = Project("""\
stages: {}
expect: {d: {data: d.csv, row_count: {min: 1}}}
gates:
  g:
    model: m.bin
    rows: {candidate: c.csv, baseline: b.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {min: 0.1, max_drop: 0.5}}
""")
p.write("d.csv", "x\n1\n")
p.write("m.bin", "model\n")
for name in ("c.csv", "b.csv"):
    p.write(name, "id,y,p\n" + "".join(f"{i},1,1\n" for i in range(300)))
before = p.snapshot(times=False)
for words in (["data", "d", "-o", "d.csv"], ["data", "d", "-o", "./refit.yaml"], ["model", "g", "-o", "m.bin"],
              ["model", "g", "-o", "b.csv"], ["profile", "d.csv", "-o", "d.csv"]):
    contains(p.refit("check", *words, exit=2).stderr, "would take the place of")
for line in ("c.csv", "m.bin", "refit.yaml"):
    p.replace("refit.yaml", "    model: m.bin\n", f"    model: m.bin\n    verdict: {line}\n")
    contains(p.refit("check", "model", "g", exit=2).stderr, "would take the place of")
    p.replace("refit.yaml", f"    verdict: {line}\n", "")
equal(p.snapshot(times=False), before, "what is there")
os.mkfifo(p.path("fifo"))
for path in ("fifo", "/dev/stdout", "."):
    contains(p.refit("check", "model", "g", "-o", path, exit=2).stderr, "is no regular file")
expect(p.path("fifo").is_fifo(), "the FIFO is still one")

# Nor that of a link, which is somebody's, wherever it leads.
p.write("elsewhere.json")
p.path("link").symlink_to("elsewhere.json")
contains(p.refit("check", "model", "g", "-o", "link", exit=2).stderr, "is no regular file")
p.path("to_rows").symlink_to("c.csv")
contains(p.refit("check", "model", "g", "-o", "to_rows", exit=2).stderr, "would take the place of c.csv")
equal(p.refit("check", "model", "g", "-o", "out.json").code, 0, "anywhere else")
contains(p.read("out.json"), '"outcome":"pass"')
