"""A gate that needs an approval: the run does everything else, exits with 3, and goes on after the approval without
doing anything again. Another model needs another one."""
from approvals import Gated
from harness import contains, equal, expect

p = Gated()
p.write("refit.yaml", """\
stages:
  train:
    cmd: cp seed.txt model.bin; echo trained >> log.txt
    deps: [seed.txt]
    outs: [model.bin]
  ship:
    kind: deploy
    cmd: cat model.bin >> shipped.txt
    deps: [model.bin]
  notes:
    cmd: echo n > notes.txt
    outs: [notes.txt]
gates:
  release:
    model: model.bin
    cases: {file: cases.csv}
""")
for name in ("model.bin", "checks/release.json"):
    p.remove(name)
p.write("seed.txt", "one\n")
p.write("cases.csv", "kind,passed\nMFT,true\nINV,false\n")
result = p.refit("run", "--json", "--deploy", exit=3)
equal(result.states, {"train": "ran", "release": "ran", "ship": "blocked", "notes": "ran"}, "before")
contains(result.reasons["ship"], "the gate `release` needs approval: INV: 1 of 1 behaviour cases fail",
         "needs 1 approval by `leads`, and has 0")
equal(result.counts["blocked"], 1, "blocked")
equal(p.refit("run", "--json", "--deploy", exit=3).states,
      {"train": "fresh", "release": "fresh", "ship": "blocked", "notes": "fresh"}, "again")
contains(p.refit("status", "--deploy").stdout, "ship", "blocked", "needs approval")

equal(p.approve("ana", "--reason", "INV is known")["outcome"], "approved", "approved")
result = p.refit("run", "--json", "--deploy")
equal(result.states, {"train": "fresh", "release": "fresh", "ship": "ran", "notes": "fresh"}, "after the approval")
equal(p.bytes("shipped.txt"), b"one\n", "what was deployed")
equal(p.bytes("log.txt"), b"trained\n", "trained once")

# It was for that model.
p.write("seed.txt", "two\n")
result = p.refit("run", "--json", "--deploy", exit=3)
equal((result.states["train"], result.states["ship"]), ("ran", "blocked"), "another model")
equal(p.bytes("shipped.txt"), b"one\n", "nothing more was deployed")

# A rejection stops it, whoever approves.
p.reject("bo")
p.refit("approve", "release", "--key", str(p.keys["ana"]), "--reason", "no matter", exit=None)
result = p.refit("run", "--json", "--deploy", exit=4)
contains(result.reasons["ship"], "the gate `release` was rejected", "sevens are worse")
expect(p.bytes("shipped.txt") == b"one\n", "it was deployed")
