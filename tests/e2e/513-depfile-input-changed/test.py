"""A discovered input that was modified after the command began leaves no record."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      compile:
        cmd: |
          cat a.inc > out.txt; sh meanwhile.sh; echo 'out.txt: a.inc' > out.d
        outs: [out.txt]
        depfile: out.d
    """)
p.write("a.inc", "1\n")
p.write("meanwhile.sh", "sleep 0.1; echo 2 > a.inc\n")
p.refit("run", "--json", exit=None)
equal(p.store_stats()["records"], 0, "records")
p.write("meanwhile.sh", ":\n")
p.run(ran=1)
equal(p.read("out.txt"), "2\n", "the out")
p.run(fresh=1)
expect(p.store_stats()["records"] == 1, "one record")
