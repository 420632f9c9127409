"""A failed stage leaves no record: nothing is ever restored from it; its log is kept."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      train:
        cmd: sh train.sh
        deps: [train.sh]
        outs: [model.txt]
    """)
p.write("train.sh", "echo half > model.txt\necho to stdout\necho to stderr >&2\nexit 7\n")
result = p.run(failed=1, exit=1)
equal(p.store_stats()["records"], 0, "records")
contains(result.reasons["train"], "7")
log = next(e["log"] for e in result.of("stage_finished") if e["stage"] == "train")
equal(log, ".refit/logs/train.log", "where the log is")
contains(p.read(log), "to stdout", "to stderr")
contains(p.refit("logs", "train").stdout, "to stdout", "to stderr")
expect("model.txt" not in (p.read("refit.lock") if p.exists("refit.lock") else ""), "refit.lock has nothing of it")
# It is tried again, not taken for done because its out is there.
p.run(failed=1, exit=1)
p.write("train.sh", "echo whole > model.txt\n")
p.run(ran=1)
p.write("train.sh", "echo half > model.txt\nexit 7\n")
p.run(failed=1, exit=1)
# A failure keeps refit.lock's last good entry.
contains(p.read("refit.lock"), "model.txt")
