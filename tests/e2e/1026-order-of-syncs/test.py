"""What is relied upon is synced first: chunks before the commit, the store before refit.lock, refit.lock before its
rename, all of it before the state."""
# tags: plain
import re

from faults import Rest
from harness import equal, expect

names = [name for name, _ in Rest().points]


def before(first, then):
    expect(max(i for i, name in enumerate(names) if name == first) <
           min(i for i, name in enumerate(names) if name == then), f"{first} before {then} in {names}")


# One transaction, or several if the run takes longer than one waits.
store = " ".join(name for name in names if re.fullmatch("(write|sync|commit)-store", name))
expect(re.fullmatch("((write-store )+sync-store commit-store ?)+", store), f"writes, a sync, a commit: {store}")
for name in ("sync-refit.lock", "rename-refit.lock", "sync-state", "commit-state"):
    equal(names.count(name), 1, name)
before("commit-store", "write-refit.lock")
before("write-refit.lock", "sync-refit.lock")
before("sync-refit.lock", "rename-refit.lock")
before("rename-refit.lock", "sync-folder")
before("sync-folder", "write-state")
before("write-state", "sync-state")
before("sync-state", "commit-state")
