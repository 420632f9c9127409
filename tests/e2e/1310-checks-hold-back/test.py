"""A check that fails holds back what reads the data: blocked, exit 4, what follows skipped, everything else done."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      clean:
        cmd: grep -v '^#' raw.csv > table.csv
        deps: [raw.csv]
        outs: [table.csv]
      train:
        cmd: cp table.csv model.txt
        deps: [table.csv]
        outs: [model.txt]
      report:
        cmd: wc -l < model.txt > report.txt
        deps: [model.txt]
        outs: [report.txt]
      other:
        cmd: date > other.txt
        outs: [other.txt]
    expect:
      table:
        data: table.csv
        desc: people as they should be
        columns: {age: {between: [0, 120]}}
    """)
p.write("raw.csv", "#x\nname,age\na,20\nb,30\n")
result = p.run(ran=5)
equal(result.states["table"], "ran", "the check")
p.run(fresh=5)

# Bad data: found before training. The check itself has done what it should.
p.write("raw.csv", "#x\nname,age\na,20\nb,300\n")
result = p.refit("run", "--json", exit=4)
equal(result.states,
      {"clean": "ran", "table": "ran", "train": "blocked", "report": "skipped", "other": "fresh"}, "states")
counts = result.counts
equal((counts["ran"], counts["blocked"], counts["skipped"], counts["fresh"]), (2, 1, 1, 1), "counters")
contains(result.reasons["train"], "the check `table` failed: between of `age`: 1 of 2 values fail", "line 3",
         "see checks/table.json")
expect(b"30" in p.bytes("model.txt") and b"300" not in p.bytes("model.txt"), "the model is still the one before")

# It stays so, and the readers say the same.
equal(p.refit("run", "--json", exit=4).states,
      {"clean": "fresh", "table": "fresh", "train": "blocked", "report": "skipped", "other": "fresh"}, "again")
status = p.refit("status").stdout
contains(status, "the check `table` failed")
contains(p.refit("why", "train").stdout, "train blocked", "the check `table` failed: between of `age`")
plan = p.refit("run", "-n", exit=4).stdout
contains(plan, "blocked")
equal({stage["name"]: stage["verdict"] for stage in p.refit("status", "--json").json["stages"]},
      {"clean": "fresh", "table": "fresh", "train": "blocked", "report": "skipped", "other": "fresh"}, "status")

# What is asked for by name is held back like all else, and the check alone says what it found.
p.refit("run", "train", exit=4)
p.refit("run", "table", exit=4)
p.refit("run", "other")

# Mended: the same command goes on. Back again: nothing is executed for what is known.
p.write("raw.csv", "#y\nname,age\na,20\nb,30\n")
result = p.refit("run", "--json")
equal(result.states["train"], "fresh", "train, whose data is as before")
p.write("raw.csv", "#x\nname,age\na,20\nb,300\n")
result = p.refit("run", "--json", exit=4)
equal(result.states["table"], "restored", "a verdict comes from the store")
equal(result.states["train"], "blocked", "train")
