"""A `persist` stage that has ended does not run again when refit is killed later; refit.lock gets to know it."""
import signal

from harness import contains, equal, Project, wait_until

p = Project("""\
    stages:
      log:
        cmd: cat in.txt >> log.txt
        deps: [in.txt]
        outs: [{log.txt: {persist: true}}]
      second:
        cmd: cat log.txt >> second.txt
        deps: [log.txt]
        outs: [{second.txt: {persist: true}}]
      slow:
        cmd: until [ -e go ]; do sleep 0.02; done; cp second.txt slow.txt
        deps: [second.txt]
        outs: [slow.txt]
    """)
lines = ""
for text in ("one\n", "two\n"):  # the first run of all, and one that has a refit.lock already
    p.write("in.txt", text)
    run = p.start("run")
    wait_until(lambda: p.exists(".refit/lock") and b"=second" in p.bytes(".refit/lock"), "both to be remembered")
    wait_until(lambda: b"+slow" in p.bytes(".refit/lock"), "the next to begin")
    run.signal(signal.SIGKILL)
    run.wait(exit=-signal.SIGKILL)
    p.write("go")
    result = p.run(fresh=2, ran=1)
    equal(result.started, ["slow"], "what ran again")
    lines += text
    equal(p.read("log.txt"), lines, "what was made once")
    contains(p.read("refit.lock"), "\n  log:", "\n  second:", "\n  slow:")
    p.run("--locked", fresh=3)
    p.remove("go")
clone = p.sibling("clone")
clone.environment["REFIT_STORE"] = str(p.path(".refit/store"))
for name in ("refit.yaml", "refit.lock", "in.txt"):
    clone.write(name, p.read(name))
clone.refit("restore")
equal(clone.read("log.txt"), lines, "what refit.lock names")
