"""A gc that takes what a run has just made does not keep the run from ending right: it is stored again."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      make:
        cmd: head -c 300000 /dev/urandom > out.bin && mkdir d && cp out.bin d/copy && echo made
        outs: [out.bin, d]
      old:
        cmd: head -c 300000 /dev/urandom > old.bin
        outs: [old.bin]
      wait:
        cmd: touch begun; while [ ! -e go ]; do sleep 0.02; done; cp out.bin last.bin
        deps: [out.bin, old.bin]
        outs: [last.bin]
    """)
p.run("old", ran=1)
p.remove("old.bin", "refit.lock", ".refit/state")
run = p.start("run", "--json")
p.wait_for("begun")
while p.refit("gc", "--json", "--dry-run", "--budget", "0", "--forget", str(p.root)).json["records"] < 2:
    pass  # what was made is committed within a second
result = p.refit("gc", "--json", "--budget", "0", "--forget", str(p.root)).json
equal((result["taken_records"], result["records"]), (2, 2), "all that there was went")
p.write("go")
done = run.wait()
equal((done.counts["ran"], done.counts["restored"]), (2, 1), "counts")
p.refit("verify")
contents = {name: p.bytes(name) for name in ("out.bin", "d/copy", "old.bin", "last.bin")}
p.remove(*contents)
p.run(restored=3)
equal({name: p.bytes(name) for name in contents}, contents, "outs")
contains(p.refit("logs", "make").stdout, "made")
