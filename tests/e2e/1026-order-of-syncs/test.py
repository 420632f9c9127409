"""What is relied upon is synced first: chunks before the commit, the store before refit.lock, refit.lock before its
rename, all of it before the state."""
# tags: plain
from faults import Rest
from harness import equal, expect

names = [name for name, _ in Rest().points]


def before(first, then):
    expect(max(i for i, name in enumerate(names) if name == first) <
           min(i for i, name in enumerate(names) if name == then), f"{first} before {then} in {names}")


for name in ("sync-store", "commit-store", "sync-refit.lock", "rename-refit.lock", "sync-state", "commit-state"):
    equal(names.count(name), 1, name)
before("write-store", "sync-store")
before("sync-store", "commit-store")
before("commit-store", "write-refit.lock")
before("write-refit.lock", "sync-refit.lock")
before("sync-refit.lock", "rename-refit.lock")
before("rename-refit.lock", "sync-folder")
before("sync-folder", "write-state")
before("write-state", "sync-state")
before("sync-state", "commit-state")
