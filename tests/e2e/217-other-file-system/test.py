"""What is in the way of an out on another file system is copied to rescue, and only then removed."""
import os
import shutil
import sys
import tempfile

from harness import equal, expect, Project

other = "/dev/shm"
p = Project("""\
    stages:
      make:
        cmd: mkdir -p big/d && echo made > big/d/file && echo x > big/y && chmod +x big/y
        outs: [big/d, big/y]
    """)
if not os.access(other, os.W_OK) or os.stat(other).st_dev == os.stat(p.path(".")).st_dev:
    sys.exit(0)
disk = tempfile.mkdtemp(dir=other)
try:
    os.symlink(disk, p.path("big"))
    p.run(ran=1)
    p.write("big/d/mine", "by hand\n")
    p.write("big/d/deep/more", "by hand too\n")
    os.symlink("mine", p.path("big/d/link"))
    p.write("big/y", "edited\n")
    p.run("-B", ran=1)
    found = {path.name: path for path in p.path(".refit/rescue").rglob("*")}
    equal(found["mine"].read_text(), "by hand\n", "rescued")
    equal(found["more"].read_text(), "by hand too\n", "rescued from a folder")
    equal(os.readlink(found["link"]), "mine", "a link")
    equal(found["y"].read_text(), "edited\n", "a file")
    expect(os.access(found["y"], os.X_OK), "its mode")
    equal(p.read("big/d/file"), "made\n", "the out")
    expect(not p.exists("big/d/mine"), "what was moved is gone")
    p.run(fresh=1)
finally:
    shutil.rmtree(disk)
