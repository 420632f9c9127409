"""A Ctrl-C while tools are asked ends them, and the run."""
import signal

from harness import expect, is_alive, Project

p = Project("""\
    tools: ["echo $$ > tool.pid; exec sleep 300"]
    stages:
      a:
        cmd: echo a > a.txt
        outs: [a.txt]
    """)
run = p.start("run")
tool = p.wait_pid("tool.pid")
run.signal(signal.SIGINT)
run.wait(exit=130)
expect(not is_alive(tool), "the tool is dead")
expect(not p.exists("a.txt"), "nothing ran")
