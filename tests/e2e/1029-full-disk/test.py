"""Disks that are full by some pages sooner or later, with the project, .refit or the store on them."""
# tags: plain
import os
import shutil
import subprocess

from faults import Rest
from harness import expect, skip

PAGE = 4096
rest = Rest(size=300_000)
full = 0


def mount(place, size):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True)


def resize(place, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", "none", place], check=True)


def check(where, free):
    """Run in a copy that has so many pages free on the disk that a part of it is on."""
    p = rest.copy()
    disk = p.path(where)
    aside = p.base / "aside"
    disk.rename(aside)
    disk.mkdir()
    if mount(disk, "64m").returncode != 0:
        skip("mounting needs privileges")
    try:
        shutil.copytree(aside, disk, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(aside)
        stats = os.statvfs(disk)
        resize(disk, (stats.f_blocks - stats.f_bfree + free) * PAGE)
        result = p.refit("run", exit=None)
        expect(result.code in (0, 1, 5), f"exit status {result.code}")
        # A command that fails says so in its log.
        failed = result.code != 0
        expect(not failed or "No space left on device" in result.text, "it is told why")
        resize(disk, "64m")
        rest.check_lock(p)
        rest.check(p)
        return failed
    finally:
        subprocess.run(["umount", disk], check=True)
        shutil.rmtree(p.root)


for where, steps in ((".refit", (0, 1, 2, 5, 10, 40, 80, 120)), (".refit/store", (0, 1, 4, 10, 40, 80)),
                     (".refit/state", (0, 1, 4, 10)), (".", (0, 1, 3, 8, 20, 50, 90, 150))):
    for free in steps:
        try:
            full += check(where, free)
        except AssertionError as error:
            raise AssertionError(f"{where} with {free} pages free: {error}") from error
expect(full >= 8, f"{full} disks were full")
