"""A run that is killed before a chunk, between chunks and record, before the sync, and around refit.lock's rename."""
# tags: plain
from faults import KILLED, points_of, preload, Rest
from harness import equal, expect, Project

rest = Rest()
before = rest.copy().store_stats()
lock = rest.template.bytes("refit.lock")


def killed(fault, since=None):
    p = rest.copy()
    p.refit("run", exit=KILLED, env=preload(fault, since=since))
    return p


# Before the commit nothing of the transaction counts, however much of it was written.
for fault in ("kill write-store", "kill-within write-store", "kill sync-store", "kill commit-store"):
    p = killed(fault)
    stats = p.store_stats()
    equal((stats["records"], stats["chunks"]), (before["records"], before["chunks"]), f"{fault}: what the store has")
    equal(p.bytes("refit.lock"), lock, f"{fault}: refit.lock")
    equal(rest.check(p).counts["ran"], 7, f"{fault}: what is made again")

# After a commit what it has counts. The first is at the latest when a stage with a persisted out has ended, which is
# fresh by the state alone, and so made again.
p = killed("kill-after commit-store")
there = p.store_stats()["records"] - before["records"]
expect(0 < there <= 7, f"records after a commit: {there}")
started = rest.check(p).started
expect("keep" in started and len(started) in (7 - there, 8 - there), f"{there} records; made again: {started}")

# The store has it all, and the state knows of the persisted out; refit.lock does not say so.
for fault in ("kill write-refit.lock", "kill sync-refit.lock", "kill rename-refit.lock"):
    p = killed(fault)
    equal(p.store_stats()["records"], before["records"] + 7, f"{fault}: records")
    equal(p.bytes("refit.lock"), lock, f"{fault}: refit.lock")
    equal(rest.check(p).started, [], f"{fault}: what is made again")

# refit.lock is new and the state is not.
for fault in ("kill-after rename-refit.lock", "kill write-state", "kill sync-state", "kill commit-state"):
    p = killed(fault, since=None if "refit.lock" in fault else "rename-refit.lock")
    expect(p.bytes("refit.lock") != lock, f"{fault}: refit.lock is the new one")
    equal(rest.check(p).started, [], f"{fault}: what is made again")

# All is done but giving back the workspace.
for fault in ("kill-after commit-state", "kill truncate-workspace"):
    equal(rest.check(killed(fault, since="rename-refit.lock")).started, [], f"{fault}: what is made again")

# A large out takes several transactions, after two that make the store. How many depends on how fast they are; each is
# of 32 MiB at most, so three at least. One that was cut off leaves chunks that nothing refers to yet, and no record.
p = Project("""\
    stages:
      large:
        cmd: head -c 70000000 /dev/zero | openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 > large.bin 2>error.txt
        outs: [large.bin]
    """)
result, points = points_of(p, "run")
made = p.bytes("large.bin")
equal(len(made), 70_000_000, "bytes of the out")
names = [name for name, _ in points]
commits = names.count("commit-store")
expect(commits >= 2 + 3, f"{commits} commits")
for last in (5, 4):
    p = p.sibling(f"killed-{last}")
    p.write("refit.yaml", (p.base / "project/refit.yaml").read_text())
    p.refit("run", exit=KILLED, env=preload(f"kill commit-store#{last}"))
    stats = p.store_stats()
    equal(stats["records"], 0, f"records before commit {last}")
    expect(stats["chunks"] > 0, f"chunks before commit {last}")
    p.refit("verify")
    expect(not p.exists("refit.lock"), "refit.lock")
    p.run(ran=1)
    expect(p.bytes("large.bin") == made, "the out")
    p.refit("verify")
    p.run(fresh=1)
