"""A run with nothing to do needs no room; one that has something to do and finds none says what helps."""
# tags: plain
import subprocess
import time

from faults import points_of
from harness import contains, equal, pipeline, skip

p = pipeline()
p.run(ran=3)
time.sleep(2.1)  # what has just been made is looked at once more
p.run(fresh=3)
for arguments in (["run"], ["run", "--json"], ["run", "--json", "train"]):
    points = [(name, path) for name, path in points_of(p, *arguments)[1] if name.split("-")[0] == "write"]
    equal(points, [], f"what refit {' '.join(arguments)} writes")

# The whole project on a disk without a free page.
disk = p.base / "disk"
disk.mkdir()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], capture_output=True).returncode != 0:
    skip("mounting needs privileges")
try:
    subprocess.run(["cp", "-a", f"{p.root}/.", disk], check=True)
    p.refit("run", cwd=disk)  # the files are others
    time.sleep(2.1)
    p.refit("run", cwd=disk)
    with open(disk / "fill", "wb", buffering=0) as fill:
        try:
            while True:
                fill.write(b"x" * 65536)
        except OSError:
            pass
        try:
            while True:
                fill.write(b"x" * 512)
        except OSError:
            pass
    for _ in range(2):
        contains(p.refit("run", cwd=disk).stdout, "nothing to do: 3 fresh")
        equal(p.refit("run", "--json", cwd=disk).counts["fresh"], 3, "fresh stages")
    (disk / "model.txt").unlink()
    result = p.refit("run", cwd=disk, exit=None)
    contains(result.text, "No space left on device", "make room there")
    equal(result.code, 5, "exit status")
finally:
    subprocess.run(["umount", disk], check=True)
