"""An input that changes while its stage runs fails it; its outs stay, and `accept` records them under the digests
taken before."""
# tags: tsan
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      train:
        cmd: cp in.txt model.txt; sh other.sh
        deps: [in.txt]
        outs: [model.txt]
      use:
        cmd: cp model.txt used.txt
        deps: [model.txt]
        outs: [used.txt]
    """)
p.write("in.txt", "old\n")
p.write("other.sh", "echo new > in.txt\n")
result = p.run(failed=1, skipped=1, exit=1)
contains(result.reasons["train"], "input changed while running")
contains(result.text, "in.txt")
equal(p.read("model.txt"), "old\n", "the outs stay")
equal(p.store_stats()["records"], 0, "records")
equal(p.status()["train"]["pending"], True, "pending")

# Undone, the change leaves the inputs as they were taken before: accepted, the outs are theirs.
p.write("other.sh", ":\n")
p.write("in.txt", "old\n")
p.refit("accept", "train")
equal(p.store_stats()["records"], 1, "records")
p.run(fresh=1, ran=1)
equal(p.read("used.txt"), "old\n", "what follows")
equal(p.status()["train"]["pending"], False, "pending")

# Accepted under the digests taken before: with the new input the stage runs again.
p.write("in.txt", "new\n")
expect(("deps", "in.txt") in p.why("train")[1], "the old digest is what was recorded")
p.run(ran=2)
# Nothing waits: a usage error.
contains(p.refit("accept", "train", exit=2).stderr, "train")

# A parameter is an input as well, if the stage reads it.
p = Project("""\
    stages:
      train:
        cmd: touch begun; while [ ! -e go ]; do sleep 0.02; done; cp params.yaml out.txt
        params: [rate]
        outs: [out.txt]
    """)


def edit_while_running(before, after):
    p.write("params.yaml", before)
    run = p.start("run", "--json", "-B")
    p.wait_for("begun")
    p.write("params.yaml", after)
    p.write("go")
    result = run.wait(exit=None)
    p.remove("begun", "go")
    return result


result = edit_while_running("rate: 1\nother: 1\n", "rate: 2\nother: 1\n")
equal(result.code, 1, "exit status")
contains(result.reasons["train"], "input changed while running: params")
equal(edit_while_running("rate: 2\nother: 1\n", "rate: 2\nother: 2\n").counts["ran"], 1, "another's was edited")
