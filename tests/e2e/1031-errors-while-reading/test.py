"""Files and folders that cannot be opened, read or listed: it is told which, and the next run goes on."""
# tags: plain
import os

from faults import fail_each, points_of, REASONS, Rest
from harness import contains, equal, expect, Project

rest = Rest(size=100_000)
for point, tries, least in (("open-project", 15, 5), ("read-project", 15, 5), ("list-project", 15, 3),
                            ("open-refit.lock", 2, 1), ("read-refit.lock", 2, 1)):
    met = fail_each(rest, [f"EIO {point}#{n}" for n in range(1, 2 * tries, 2)])
    expect(met >= least, f"{met} met {point}")

# Neither a folder nor a file is taken for what could be read of it.
p = Project("""\
    stages:
      copy:
        cmd: cp -r folder made
        deps: [folder]
        outs: [made]
    """)
for name in ("a", "b", "c"):
    p.write(f"folder/{name}", name)
places = set()
for n in range(1, 7):
    for operation in ("list", "read"):
        result, _ = points_of(p, "run", fault=f"EIO {operation}-project#{n}+", exit=None)
        name, path = result.fired[0]
        places.add(os.path.relpath(path, p.root))
        equal(result.code, 2 if path.endswith("refit.yaml") else 1, f"exit status after {name} of {path}")
        contains(result.text, REASONS["EIO"])
expect(places >= {"folder", "folder/a"}, f"what could not be read: {places}")
equal(p.store_stats()["records"], 0, "records")
p.run(ran=1)
