"""What is relied upon is synced first: chunks before the commit, the store before refit.lock, refit.lock before its
rename, all of it before the state. What nobody else has is at its new place for good before anything follows."""
# tags: plain
import os

from faults import points_of, Rest
from harness import equal, expect

rest = Rest()
# Of folders that are synced only that of refit.lock, which is the project's, has its name alone.
names = [name if name != "sync-folder" or ".refit" not in path else "sync-kept" for name, path in rest.points]


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


def after(points, first):
    """What follows the last point of this name, as operation and the end of the path."""
    last = max(i for i, (name, _) in enumerate(points) if name == first)
    return [(name, os.path.basename(path)) for name, path in points[last + 1:]]


# What was rescued: its folders, up to the workspace's.
run = next(name for name in os.listdir(rest.clean.path(".refit/rescue")))
equal(after(rest.points, "rename-rescue")[:3],
      [("sync-folder", run), ("sync-folder", "rescue"), ("sync-folder", ".refit")], "what follows the rename")
# The same on another file system, where a copy must be there before the original goes.
p = rest.copy()
_, points = points_of(p, "run", fault="EXDEV rename-rescue")
run = next(name for name in os.listdir(p.path(".refit/rescue")))
equal(after(points, "rename-rescue")[:2], [("sync-folder", run), ("remove-project", "mine.txt")], "what follows a copy")
expect(("sync-rescue", "mine.txt.tmp-") in [(name, os.path.basename(path).rstrip("0123456789"))
                                          for name, path in points], "the copy itself is synced")
