"""What a killed restore leaves in a folder counts for nobody, and goes away."""
import os
import signal

from harness import equal, expect, Project, wait_until

p = Project("""\
    stages:
      make:
        cmd: mkdir -p d; head -c 400000000 /dev/urandom > d/big; cp in.txt d/small
        deps: [in.txt]
        outs: [d/big, d/small]
      use:
        cmd: ls d > list.txt
        deps: [d]
        outs: [list.txt]
    """)
p.write("in.txt", "one\n")
p.run(ran=2)
p.write("in.txt", "two\n")
p.run(ran=2)
p.path("d/big").rename(p.path("kept"))
run = p.start("run")
wait_until(lambda: p.exists(".refit/tmp") and os.listdir(p.path(".refit/tmp")), "a restore")
equal(os.listdir(p.path("d")), ["small"], "nothing half made stands in the folder")
run.signal(signal.SIGKILL)
run.wait(exit=-signal.SIGKILL)
p.path("kept").rename(p.path("d/big"))
p.run(fresh=2)
equal(sorted(os.listdir(p.path("d"))), ["big", "small"], "what is in the folder")
expect(not p.exists(".refit/tmp"), "what was half made is gone")
