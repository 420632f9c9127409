"""What is relied upon is synced first: chunks before the commit, the store before refit.lock, refit.lock before its
rename, all of it before the state. What a stage with a persisted out made is in store and state before the run ends.
What nobody else has is at its new place for good before anything follows."""
# tags: plain
import os
import re

from faults import points_of, Rest
from harness import equal, expect

rest = Rest()
# Of folders that are synced only that of refit.lock, which is the project's, has its name alone.
names = [name if name != "sync-folder" or ".refit" not in path else "sync-kept" for name, path in rest.points]
early = names[:names.index("commit-state") + 1]
late = names[len(early):]


def before(first, then, part):
    expect(max(i for i, name in enumerate(part) if name == first) <
           min(i for i, name in enumerate(part) if name == then), f"{first} before {then} in {part}")


for part in (early, late):
    # One transaction, or several if the run takes longer than one waits.
    store = " ".join(name for name in part if re.fullmatch("(write|sync|commit)-store", name))
    expect(re.fullmatch("((write-store )+sync-store commit-store ?)+", store), f"writes, a sync, a commit: {store}")
    for name in ("sync-state", "commit-state"):
        equal(part.count(name), 1, name)
    before("commit-store", "write-state", part)
    before("write-state", "sync-state", part)
    before("sync-state", "commit-state", part)
equal([name for name in early if name.endswith("refit.lock")], [], "refit.lock is written once")
for name in ("sync-refit.lock", "rename-refit.lock"):
    equal(late.count(name), 1, name)
before("commit-store", "write-refit.lock", late)
before("write-refit.lock", "sync-refit.lock", late)
before("sync-refit.lock", "rename-refit.lock", late)
before("rename-refit.lock", "sync-folder", late)
before("sync-folder", "write-state", late)


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
