"""Started with SIGHUP ignored (nohup), a run survives the end of its terminal."""
import os
import signal
import subprocess

from harness import Background, equal, Project, REFIT

p = Project("""\
    stages:
      a:
        cmd: echo x > started; while [ ! -e go ]; do sleep 0.01; done; echo a > a.txt
        outs: [a.txt]
    """)
process = subprocess.Popen([REFIT, "run"], cwd=p.root, env=p.environment, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                           preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
run = Background(["run"], process)
p.wait_for("started")
os.kill(run.pid, signal.SIGHUP)
p.write("go")
run.wait(exit=0)
equal(p.read("a.txt"), "a\n", "the out")
