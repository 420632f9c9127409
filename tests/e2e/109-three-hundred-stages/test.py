"""A wide graph with -j8: 300 independent stages and one that reads all of their outs."""
# tags: tsan
from harness import equal, expect, Project

COUNT = 300
p = Project()
stages = ["stages:"]
for i in range(COUNT):
    stages += [f"  part{i:03}:", f"    cmd: echo {i} > parts/{i:03}.txt", f"    outs: [parts/{i:03}.txt]"]
stages += ["  sum:", "    cmd: cat parts/*.txt | awk '{s += $1} END {print s}' > sum.txt", "    deps:"]
stages += [f"      - parts/{i:03}.txt" for i in range(COUNT)]
stages += ["    outs: [sum.txt]"]
p.manifest("\n".join(stages) + "\n")
result = p.run("-j8", ran=COUNT + 1)
equal(p.read("sum.txt"), f"{COUNT * (COUNT - 1) // 2}\n", "the sum")
equal(result.started[-1], "sum", "the last stage")
equal(result.events[0]["jobs"], 8, "jobs")
p.run("-j8", fresh=COUNT + 1)
p.remove("parts")
p.run("-j8", restored=COUNT, fresh=1)
p.manifest("\n".join(stages).replace("echo 7 >", "echo 1007 >") + "\n")
p.run("-j8", ran=2, fresh=COUNT - 1)
equal(p.read("sum.txt"), f"{COUNT * (COUNT - 1) // 2 + 1000}\n", "the new sum")
expect(len(p.read("refit.lock").splitlines()) > COUNT, "refit.lock lists them")
