"""What is relied upon is synced first: chunks before the commit, the store before refit.lock, refit.lock before its
rename, all of it before the state. What a stage with a persisted out made is in store and state before the run ends."""
# tags: plain
from faults import Rest
from harness import equal, expect

names = [name for name, _ in Rest().points]
early = names[:names.index("commit-state") + 1]
late = names[len(early):]


def before(first, then, part):
    expect(max(i for i, name in enumerate(part) if name == first) <
           min(i for i, name in enumerate(part) if name == then), f"{first} before {then} in {part}")


STORE, STATE = ("sync-store", "commit-store"), ("sync-state", "commit-state")
LOCK = ("sync-refit.lock", "rename-refit.lock")
for part, once in ((early, STORE + STATE), (late, STORE + LOCK + STATE)):
    for name in once:
        equal(part.count(name), 1, name)
    before("write-store", "sync-store", part)
    before("sync-store", "commit-store", part)
    before("commit-store", "write-state", part)
    before("write-state", "sync-state", part)
    before("sync-state", "commit-state", part)
equal([name for name in early if name.endswith("refit.lock")], [], "refit.lock is written once")
before("commit-store", "write-refit.lock", late)
before("write-refit.lock", "sync-refit.lock", late)
before("sync-refit.lock", "rename-refit.lock", late)
before("rename-refit.lock", "sync-folder", late)
before("sync-folder", "write-state", late)
