"""A file system whose stamps do not tell an edit from what was there: the edit is seen all the same, since what was
hashed shortly after its stamp is not believed by the next run. Where that guard is led astray the edit goes unseen, so
it is the guard that sees it."""
# tags: plain
from faults import preload
from harness import equal, expect, Project

STAMP = 1_800_000_000
NEAR, LATE = f"{STAMP} {STAMP + 1}", f"{STAMP} {STAMP + 3}"  # of the clock, when a file is hashed; 2 s are guarded

MANIFEST = """\
    stages:
      copy:
        cmd: cp in.txt out.txt; cp -r folder made
        deps: [in.txt, folder]
        outs: [out.txt, made]
    """


def project(name, times):
    p = Project(MANIFEST, name=name)
    p.environment.update(preload(times=times))
    p.write("in.txt", "one")
    p.write("folder/x", "one")
    p.run(ran=1)
    return p


def edit(p, name, text):
    before = p.path(name).stat()
    p.write(name, text)
    after = p.path(name).stat()
    equal((after.st_ino, after.st_size), (before.st_ino, before.st_size), "what refit may go by")


# A dep, a file in a folder that is one, an out, a file in a folder that is one.
p = project("guarded", NEAR)
p.run(fresh=1)
for name, text, out, what in (("in.txt", "two", "out.txt", "ran"), ("folder/x", "two", "made/x", "ran"),
                              ("out.txt", "off", "out.txt", "restored"), ("made/x", "off", "made/x", "restored")):
    edit(p, name, text)
    p.run(**{what: 1})
    equal(p.read(out), "two", f"{out} after {name} was edited")
edit(p, "in.txt", "six")
equal(p.verdicts(), {"copy": "would run"}, "readers see it too")
p.refit("verify")

# An out that its command writes again in place: it was hashed by this very run, before the command.
p = Project("""\
    stages:
      keep:
        cmd: cat in.txt > kept.txt
        deps: [in.txt]
        outs:
          - kept.txt: {persist: true}
    """, name="persisted")
p.environment.update(preload(times=NEAR))
for text in ("old", "new"):
    p.write("in.txt", text)
    p.run(ran=1)
edit(p, "kept.txt", "old")  # what the store has
p.run(ran=1)
equal(p.read("kept.txt"), "new", "written again")
p.remove("kept.txt")
p.refit("restore")
equal(p.read("kept.txt"), "new", "what was recorded")

# The same with the clock led astray.
p = project("fooled", LATE)
for name in ("in.txt", "folder/x", "out.txt", "made/x"):
    edit(p, name, "two")
    p.run(fresh=1)
equal(p.verdicts(), {"copy": "fresh"}, "readers are fooled too")

# Fooled by entries of the past, not by those of today: without them (.refit/state) it sees everything.
p.remove(".refit/state")
p.run(ran=1)


# What is read and not digested is all that a stage without files has.
def last_line(p):
    return p.refit("run").stdout.splitlines()[-1].split(" in ")[0]


for times, seen in ((NEAR, "done: 1 ran"), (LATE, "nothing to do: 1 fresh")):
    p = Project("""\
        stages:
          say:
            cmd: echo one
            params: [n]
        """, name=f"read-{times[-1]}")
    p.environment.update(preload(times=times))
    p.write("params.yaml", "n: 1\n")
    p.run(ran=1)
    for name, old, new in (("params.yaml", "1", "2"), ("refit.yaml", "one", "two")):
        for _ in range(2):
            equal(last_line(p), "nothing to do: 1 fresh", f"before {name} is edited")
        edit(p, name, p.read(name).replace(old, new))
        equal(last_line(p), seen, f"{name} is edited")


# refit.lock is as this workspace wrote it, until somebody edits it.
for times in (NEAR, LATE):
    p = project(f"lock-{times[-1]}", times)
    p.run(fresh=1)
    p.run(fresh=1)
    lock = p.read("refit.lock")
    edit(p, "refit.lock", lock.replace("out.txt", "oot.txt"))
    p.run(fresh=1)
    equal(p.read("refit.lock") == lock, times == NEAR, f"refit.lock is put right with the clock at {times}")


# Parameters that are edited while their stage runs, in files of both kinds.
for times, exit in ((NEAR, 1), (LATE, 0)):
    for name, params in (("params.yaml", "[n]"), ("n.txt", "[{n.txt: }]")):
        p = Project(f"""\
            stages:
              slow:
                cmd: touch started; until [ -e go ]; do sleep 0.01; done; cp {name} out.txt
                params: {params}
                outs: [out.txt]
            """, name=f"{name}-{times[-1]}")
        p.environment.update(preload(times=times))
        p.write(name, "n: 1\n")
        run = p.start("run", "--json")
        p.wait_for("started")
        edit(p, name, "n: 2\n")
        p.write("go")
        result = run.wait(exit)
        equal("input changed while running" in (result.reasons["slow"] or ""), exit == 1, f"{name} at {times}")


# An input that is edited while its stage runs. Seen, as its entry is not believed at the end either.
def edited_meanwhile(name, times, exit):
    p = Project("""\
        stages:
          slow:
            cmd: cp in.txt out.txt; touch started; until [ -e go ]; do sleep 0.01; done
            deps: [in.txt]
            outs: [out.txt]
        """, name=name)
    p.environment.update(preload(times=times))
    p.write("in.txt", "one")
    run = p.start("run", "--json")
    p.wait_for("started")
    edit(p, "in.txt", "two")
    p.write("go")
    return run.wait(exit)


result = edited_meanwhile("guarded-meanwhile", NEAR, exit=1)
expect("input changed while running: in.txt" in result.reasons["slow"], f"why: {result.reasons}")
equal(edited_meanwhile("fooled-meanwhile", LATE, exit=0).counts["ran"], 1, "a result that is not that of its input")

# Links have no such stamp to go by: made anew within a tick, in the same place on the disk, one is read all the same.
def link_again(p, name, text):
    """False if the file system does not give the same number again."""
    before = p.path(name).lstat()
    p.remove(name)
    p.link(name, text)
    after = p.path(name).lstat()
    return (after.st_ino, after.st_size) == (before.st_ino, before.st_size)


p = Project("""\
    stages:
      links:
        cmd: mkdir made; ln -s x made/to; ln -s x out
        deps: [folder]
        outs: [made, out]
    """, name="links")
p.environment.update(preload(times=LATE))
p.write("folder/x", "one")
p.write("folder/y", "two")
p.link("folder/to", "x")
p.run(ran=1)
for name, counts in (("made/to", {"restored": 1}), ("out", {"restored": 1}), ("folder/to", {"ran": 1})):
    for _ in range(2):
        p.refit("run")
    if link_again(p, name, "y"):
        last = p.refit("run").stdout.splitlines()[-1]
        expect(last.startswith("done: 1 " + next(iter(counts))), f"{name} is seen: {last}")
    p.refit("run")
