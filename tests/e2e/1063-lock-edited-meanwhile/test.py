"""What is done to refit.lock during a run (git pull) stays: the run changes what it says of its own stages."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      other:
        cmd: cp in.txt other.txt
        deps: [in.txt]
        outs: [other.txt]
      slow:
        cmd: touch begun; until [ -e go ]; do sleep 0.02; done; cp in.txt slow.txt
        deps: [in.txt, more.txt]
        outs: [slow.txt]
    """)
p.write("go")
p.write("more.txt", "1\n")
locks = {}
for text in ("one\n", "two\n", "three\n"):
    p.write("in.txt", text)
    p.run(ran=2)
    locks[text] = p.read("refit.lock")


def part(lock, stage):
    """What it says of a stage."""
    return lock.split(f"\n  {stage}:\n")[1].split("\n  slow:\n")[0]


def while_running(text, edit, *arguments, exit=0):
    p.remove("go", "begun")
    p.write("in.txt", text)
    run = p.start("run", "--json", *arguments)
    p.wait_for("begun")
    edit()
    p.write("go")
    return run.wait(exit)


for arguments in (["slow"], ["-B", "slow"]):  # refit.lock is read for the reason to run, or not before the end
    p.write("in.txt", "three\n")
    p.refit("run")
    equal(p.read("refit.lock"), locks["three\n"], "what is here again")
    while_running("four\n", lambda: p.write("refit.lock", locks["one\n"]), *arguments)
    lock = p.read("refit.lock")
    equal(part(lock, "other"), part(locks["one\n"], "other"), "what it says of a stage that did not run")
    expect(part(lock, "slow") not in [part(each, "slow") for each in locks.values()], "what it says of the other")
    p.run("slow", fresh=1)

# A run in which that other stage is fresh leaves it, and the next one puts it right.
p.write("in.txt", "three\n")
p.refit("run")
p.write("more.txt", "2\n")
equal(while_running("three\n", lambda: p.write("refit.lock", locks["one\n"])).counts["fresh"], 1, "fresh stages")
p.run(fresh=2)
lock = p.read("refit.lock")
equal(part(lock, "other"), part(locks["three\n"], "other"), "what it says of the stage that was fresh")

# One that git left in conflict is not written over; what the run made is not lost.
result = while_running("five\n", lambda: p.write("refit.lock", "<<<<<<< ours\n" + lock + "=======\n>>>>>>> theirs\n"),
                       "slow", exit=2)
contains(result.stderr, "refit.lock:1:1", "merge conflict")
contains(p.read("refit.lock"), "<<<<<<< ours\n", ">>>>>>> theirs\n")
p.write("refit.lock", lock)
p.run("slow", fresh=1)

# One that was removed is written anew.
while_running("six\n", lambda: p.remove("refit.lock"), "slow")
expect("\n  other:" not in p.read("refit.lock"), "what nobody knows any more")
contains(p.read("refit.lock"), "\n  slow:")
p.run(fresh=1, ran=1)
contains(p.read("refit.lock"), "\n  other:", "\n  slow:")
