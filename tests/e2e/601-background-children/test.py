"""What a command leaves running is killed when it ends; its open log does not hold the run."""
from harness import equal, is_alive, expect, Project

p = Project("""\
    stages:
      a:
        cmd: sleep 300 & echo $! > bg.pid; (trap '' TERM HUP INT; echo $$; sleep 300) & echo done > a.txt
        outs: [a.txt]
    """)
p.run(ran=1)
equal(p.read("a.txt"), "done\n", "the out")
expect(not is_alive(p.wait_pid("bg.pid")), "the child is dead")
