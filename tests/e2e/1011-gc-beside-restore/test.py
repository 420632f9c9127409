"""gc that takes what another run is restoring makes it a miss: that stage runs again, and the run ends right."""
from harness import equal, expect, Project

FILES = 400
p = Project(f"""\
    stages:
      many:
        cmd: mkdir d; i=0; while [ $i -lt {FILES} ]; do head -c 3000 /dev/urandom > d/$i; i=$((i+1)); done
        params: [n]
        outs: [d]
    """)
restored = ran = 0
for round in range(6):
    p.write("params.yaml", "n: 1\n")
    p.refit("run")
    p.write("params.yaml", "n: 2\n")
    p.refit("run")
    p.write("params.yaml", "n: 1\n")  # not in refit.lock now, so not a root
    run = p.start("run", "--json")
    while run.process.poll() is None:
        p.refit("gc", "--budget", "0", "--no-compact")
    counts = run.wait().counts
    equal((counts["failed"], counts["ran"] + counts["restored"]), (0, 1), "counts")
    restored += counts["restored"]
    ran += counts["ran"]
    equal(len(p.snapshot("d")), FILES, "files")
    p.refit("verify")
    p.remove("d")
    p.run(restored=1)
expect(ran > 0, "gc was in time at least once")
