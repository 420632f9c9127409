"""One revision reproduced twice at once, killed or interrupted: one line, and the next one does it."""
import signal

from harness import Project, contains, equal, wait_until

p = Project("stages: {a: {cmd: (echo a; cat in.txt) > a.txt, deps: [in.txt], outs: [a.txt]},"
            " s: {cmd: 'if [ -e $HOME/wait ]; then touch $HOME/there; fi; "
            "while [ -e $HOME/wait ]; do sleep 0.05; done; "
            "(echo made; cat a.txt) > out.txt', deps: [a.txt], outs: [out.txt]}}\n")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/out.txt\n/a.txt\n")
p.write("in.txt", "one\n")
p.run(ran=2)
p.git("add", "-A")
p.git("commit", "-qm", "one")
made = p.bytes("out.txt")
p.write("in.txt", "two\n")
wait, there = p.home / "wait", p.home / "there"
before = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}


def whole(result):
    equal(result.events[-1]["identical"], True, "all of it")
    equal((p.path(result.events[-1]["folder"]) / "out.txt").read_bytes(), made, "out.txt")
    after = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}
    equal(after, before, "the tree")


wait.touch()
first = p.start("reproduce", "HEAD", "--rerun", "--json")
wait_until(there.exists, "the stage")
contains(p.refit("reproduce", "HEAD", exit=5).stderr, ".refit/reproduce/", "another run (pid ",
         "holds this workspace; wait for it, or end it")
wait.unlink()
whole(first.wait())

# Killed, with its command left alive; interrupted.
for number, exit in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
    there.unlink()
    wait.touch()
    first = p.start("reproduce", "HEAD", "--rerun", "--json")
    wait_until(there.exists, "the stage")
    first.signal(number)
    first.wait(exit)
    wait.unlink()
    whole(p.refit("reproduce", "HEAD", "--rerun", "--json"))
    whole(p.refit("reproduce", "HEAD", "--json"))
