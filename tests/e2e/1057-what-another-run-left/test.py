"""A run that waited for another one decides with what that one left, and with the files as they are then."""
import os

from harness import contains, equal, has_open, Project, wait_until

p = Project("""\
    stages:
      log:
        cmd: "[ ! -e broken ] && echo line >> log.txt"
        deps: [in.txt]
        outs: [{log.txt: {persist: true}}]
      random:
        cmd: "touch begun; [ -e gone ] || until [ -e go ]; do sleep 0.02; done; od -N8 -x /dev/urandom > random.txt"
        deps: [seed.txt]
        outs: [random.txt]
    """)
p.write("in.txt", "one\n")
p.write("seed.txt", "one\n")
p.write("gone")
p.run(ran=2)
p.remove("gone", "begun")


def wait_behind(*arguments):
    """Start a run, and another one that waits for it."""
    first = p.start("run", "--json", "-j2", *arguments)
    p.wait_for("begun")
    second = p.start("run", "--json", "--wait")
    wait_until(lambda: has_open(second.pid, ".refit/alive"), "the second to wait")
    return first, second


# A stage of which the state said that all is well has failed meanwhile: it runs again.
p.write("broken")
first, second = wait_behind("-B", "-k")
wait_until(lambda: b"-log" in p.bytes(".refit/lock"), "the stage to fail")
p.remove("broken")
p.write("go")
equal(first.wait(exit=1).states, {"log": "failed", "random": "ran"}, "the first run")
equal(second.wait().states, {"log": "ran", "random": "fresh"}, "the one that waited")
equal(p.read("log.txt"), "line\nline\n", "what was made")

# What waits to be accepted since then is an attempt's, and nothing that the user made.
p.remove("go", "begun")
first, second = wait_behind("-B", "random")
p.touch("seed.txt")
p.write("go")
equal(first.wait(exit=1).states, {"random": "failed"}, "the first run")
result = second.wait()
equal(result.states, {"log": "fresh", "random": "restored"}, "the one that waited")
equal((result.notes, p.exists(".refit/rescue")), ([], False), "what was rescued")
equal(os.listdir(p.path(".refit/attempts/random")), ["random.txt"], "what is kept of the attempt")

# The manifest is the one that is there when its turn comes.
p.remove("go", "begun")
first, second = wait_behind("-B", "random")
p.replace("refit.yaml", "echo line", "echo another")
p.write("in.txt", "two\n")
p.write("go")
equal(first.wait().states, {"random": "ran"}, "the first run")
equal(second.wait().states, {"log": "ran", "random": "fresh"}, "the one that waited")
contains(p.read("log.txt"), "line\nline\nanother\n")
