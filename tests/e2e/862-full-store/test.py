"""A store that is full fails the run, and what it did not keep is not called fresh once there is room."""
import os
import subprocess

from harness import contains, equal, expect, Project, skip

p = Project("""\
    stages:
      make:
        cmd: head -c 3000000 /dev/urandom > out.bin; echo x >> count
        deps: [in.txt]
        outs: [out.bin]
    """)
p.write("in.txt", "one\n")
disk = p.base / "disk"
disk.mkdir()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True).returncode != 0:
    skip("mounting needs privileges")
p.environment["REFIT_STORE"] = str(disk / "store")
try:
    result = p.refit("run", "--json", exit=5)
    contains(result.finished["error"], "No space left")
    expect(not p.exists("refit.lock"), "nothing is recorded")
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    p.refit("run")
    expect(p.exists("refit.lock"), "now it is")
    equal(p.store_stats()["records"], 1, "records")
    made = p.bytes("out.bin")
    p.remove("out.bin")
    p.run(restored=1)
    expect(p.bytes("out.bin") == made, "the out comes back")
    # No room at all when the store is opened.
    subprocess.run(["umount", disk], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
    fill = open(disk / "fill", "wb", buffering=0)
    try:
        while True:
            fill.write(b"x" * 4096)
    except OSError:
        fill.close()
    p.write("in.txt", "two\n")
    result = p.refit("run", "--json", exit=5)
    contains(result.text, "No space left")
    os.unlink(disk / "fill")
finally:
    subprocess.run(["umount", disk], check=True)
