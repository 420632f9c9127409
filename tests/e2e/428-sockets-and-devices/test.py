"""Sockets and devices are errors that name them, as deps, inside them, and as outs; nobody reads from them."""
import os
import socket
import stat

from harness import contains, equal, Project

p = Project()
listening = socket.socket(socket.AF_UNIX)
os.chdir(p.root)
listening.bind("socket")
places = ["socket", "/dev/zero"]
try:
    os.mknod("device", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    places.append("device")
except PermissionError:
    pass
for place in places:
    p.manifest(f"stages:\n  a:\n    cmd: echo a > a.txt\n    deps: [{place}]\n    outs: [a.txt]\n")
    contains(p.run(failed=1, exit=1).reasons["a"], place, "socket or device")
    p.path("folder").mkdir()
    if place in os.listdir():
        os.link(place, "folder/inside")
    else:
        os.symlink(place, "folder/inside")
    p.manifest("stages:\n  a:\n    cmd: echo a > a.txt\n    deps: [folder]\n    outs: [a.txt]\n")
    contains(p.run(failed=1, exit=1).reasons["a"], "folder/inside", "socket or device")
    equal(p.exists("a.txt"), False, "its command began")
    p.remove("folder")
    if place[0] != "/":
        p.manifest(f"stages:\n  a:\n    cmd: ln {place} out\n    outs: [out]\n")
        contains(p.run(failed=1, exit=1).reasons["a"], "out", "socket or device")
        p.run(failed=1, exit=1)  # it is in the way, and it is moved
