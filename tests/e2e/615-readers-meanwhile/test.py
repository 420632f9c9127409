"""Readers work at any moment of a run, and see a whole state."""
# tags: tsan
from harness import equal, expect, Project

COUNT = 40
p = Project("stages:\n" + "".join(f"""\
  s{i:02}:
    cmd: sleep 0.02; echo {i} > s{i:02}.txt
    outs: [s{i:02}.txt]
""" for i in range(COUNT)))
run = p.start("run", "-j2", "--json")
looks = 0
while run.process.poll() is None:
    stages = p.status()
    equal(len(stages), COUNT, "stages")
    expect({s["verdict"] for s in stages.values()} <= {"fresh", "would run", "would restore"}, f"verdicts: {stages}")
    p.refit("why", "s01")
    p.refit("store", "stats")
    looks += 1
equal(run.wait().counts["ran"], COUNT, "ran")
expect(looks > 0, "looked at least once")
equal(set(p.verdicts().values()), {"fresh"}, "verdicts in the end")
