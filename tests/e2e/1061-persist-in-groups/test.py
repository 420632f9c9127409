"""Many stages with `persist` outs that end within a second are remembered together."""
# tags: plain
from faults import points_of
from harness import expect, Project

COUNT = 60
p = Project("stages:\n" + "".join(f"""\
  part{i}:
    cmd: echo {i} >> {i}.txt
    outs: [{{{i}.txt: {{persist: true}}}}]
""" for i in range(COUNT)))
result, points = points_of(p, "run", "--json")
expect(result.counts["ran"] == COUNT, "all ran")
commits = sum(name == "commit-state" for name, path in points)
expect(1 < commits < COUNT / 2, f"{commits} commits of the state for {COUNT} stages")
p.run(fresh=COUNT)
