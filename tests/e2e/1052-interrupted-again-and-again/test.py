"""However often and whenever a run is interrupted, it writes what finished before it ends."""
import signal
import time

from harness import contains, equal, expect, has_open, Project, wait_until

p = Project("""\
    stages:
      quick:
        cmd: echo quick > quick.txt
        outs: [quick.txt]
      slow:
        cmd: echo $$ > slow.pid; until [ -e go ]; do sleep 0.02; done; cat quick.txt > slow.txt
        deps: [quick.txt]
        outs: [slow.txt]
    """)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if p.exists("slow.pid"):
        p.remove("slow.pid", "quick.txt", "refit.lock", ".refit")
    run = p.start("run", "--json")
    p.wait_pid("slow.pid")
    while run.process.poll() is None:  # at its commands, at the pool, while it writes
        run.signal(number)
        time.sleep(0.001)
    result = run.wait(exit=130)
    equal(result.finished["exit"], 130, "exit in run_finished")
    contains(p.read("refit.lock"), "quick.txt")
    equal(p.verdicts(), {"quick": "fresh", "slow": "would run"}, "what the state knows")

# While it waits for another run.
p.remove("slow.pid")
first = p.start("run")
p.wait_pid("slow.pid")
second = p.start("run", "--wait", "--json")
wait_until(lambda: has_open(second.pid, ".refit/alive"), "the second to wait")
second.signal(signal.SIGINT)
result = second.wait(exit=130)
equal((result.finished["exit"], result.finished["error"]), (130, "interrupted"), "its last line")
p.write("go")
first.wait()
p.run(fresh=2)


def catches(program):
    """Does it look after SIGINT itself yet?"""
    with open(f"/proc/{program.pid}/status") as file:
        masks = [int(line.split()[1], 16) for line in file if line.startswith("SigCgt:")]
    return bool(masks and masks[0] & 1 << (signal.SIGINT - 1))


# While a large manifest is loaded, at its beginning and some time later.
stages = "".join(f"  s{i}:\n    cmd: echo {i} > o{i}.txt\n    outs: [o{i}.txt]\n" for i in range(20_000))
p = Project("stages:\n" + stages)
for delay_s in (0, 0.1):
    run = p.start("run")
    wait_until(lambda: catches(run), "the program to catch signals")
    time.sleep(delay_s)
    run.signal(signal.SIGINT)
    run.wait(exit=130)
expect(not p.exists("o19999.txt"), "it has not come to the last stage")
