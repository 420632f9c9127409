"""Edits that keep size and time are seen: in place, and by a file moved over the old one."""
import os
import time

from harness import equal, Project

p = Project("""\
    stages:
      copy:
        cmd: cp in.txt out.txt
        deps: [in.txt]
        outs: [out.txt]
    """)
p.write("in.txt", "one")
p.run(ran=1)
time.sleep(2.5)  # so that what is known of the file is believed
p.run(fresh=1)
info = os.stat(p.path("in.txt"))
times = (info.st_atime_ns, info.st_mtime_ns)
p.write("in.txt", "two")
os.utime(p.path("in.txt"), ns=times)
p.run(ran=1)
equal(p.read("out.txt"), "two", "after an edit in place")
time.sleep(2.5)
p.run(fresh=1)
p.write("new.txt", "six")
os.utime(p.path("new.txt"), ns=times)
p.path("new.txt").rename(p.path("in.txt"))
p.run(ran=1)
equal(p.read("out.txt"), "six", "after a file was moved there")
