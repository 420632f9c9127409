"""A damaged record is reported and dropped, and the run goes on."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      a:
        cmd: cp in.txt a.txt
        deps: [in.txt]
        outs: [a.txt]
    """)
p.write("in.txt", "one\n")
p.run(ran=1)
data = p.bytes(".refit/store/data.mdb")
origin = os.fsencode(f"{os.uname().nodename}:{p.root}")
equal(data.count(origin), 1, "places of the record's origin")
p.write(".refit/store/data.mdb", data.replace(origin, origin[::-1]))
p.remove("a.txt")
expect("damaged" in p.run(ran=1).warnings[0], "it is reported")
p.remove("a.txt")
p.run(restored=1)
