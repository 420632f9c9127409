"""Where all stands as a run left it, the next one says so without reading the manifest; whatever differs is seen."""
import ctypes
import os
import time

from harness import Project, equal, has_open, wait_until

libc = ctypes.CDLL(None, use_errno=True)
IN_OPEN = 0x20

p = Project("""
stages:
  gather:
    cmd: mkdir -p work && ls data > work/list && cat data/* > work/all
    deps: [data]
    outs: [work/list, work/all]
  train:
    cmd: cp work/all model && echo $STYLE >> model
    deps: [work/all]
    params: [lr]
    env: [STYLE]
    outs: [model]
  split:
    cmd: mkdir -p parts && cp work/all parts/a && cp work/list parts/b
    deps: [work/all, work/list]
    outs: [parts]
""")
p.write("data/one", "1\n")
p.write("data/two", "2\n")
p.write("params.yaml", "lr: 0.1\n")
environment = {"STYLE": "plain"}


def plain(expected, **more):
    """`refit run` as people type it."""
    answer = p.refit("run", env={**environment, **more})
    equal(answer.stdout.splitlines()[-1].split(" in ")[0], expected, "the last line")
    return answer


def stands():
    """Does a run that has nothing to do leave the manifest unread?"""
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0 and libc.inotify_add_watch(watch, os.fsencode(p.path("refit.yaml")), IN_OPEN) > 0
    plain("nothing to do: 3 fresh")
    try:
        os.read(watch, 4096)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(watch)


def settle():
    """What changed less than two seconds ago proves nothing; then one run looks at everything once more."""
    time.sleep(2.2)
    plain("nothing to do: 3 fresh")
    plain("nothing to do: 3 fresh")
    equal(stands(), True, "the manifest was left unread")


def hidden_edit(path, text):
    before = os.stat(p.path(path))
    p.write(path, text)
    os.utime(p.path(path), ns=(before.st_atime_ns, before.st_mtime_ns))


plain("done: 3 ran")
settle()

p.write("data/three", "3\n")  # a new file in a folder
plain("done: 3 ran")
settle()
hidden_edit("data/three", "4\n")  # the same size and modification time
plain("done: 3 ran")
settle()
os.remove(p.path("data/three"))
p.refit("run", env=environment)
settle()

p.write("params.yaml", "lr: 0.2\n")
plain("done: 1 ran, 2 fresh")
settle()
p.write("params.yaml", "lr: 0.2\nother: 1\n")  # a key that nobody named
plain("nothing to do: 3 fresh")
settle()

environment["STYLE"] = "fancy"
plain("done: 1 ran, 2 fresh")
settle()
del environment["STYLE"]  # unset is not empty
plain("done: 1 ran, 2 fresh")
environment["STYLE"] = "plain"
p.refit("run", env=environment)
settle()

for path in ("model", "parts/a"):  # outs
    p.write(path, "spoilt\n")
    plain("done: 1 restored, 2 fresh")
    settle()
os.remove(p.path("parts/b"))
plain("done: 1 restored, 2 fresh")
settle()
os.chmod(p.path("model"), 0o755)
plain("done: 1 restored, 2 fresh")
settle()

manifest = p.read("refit.yaml")
hidden_edit("refit.yaml", manifest.replace("echo $STYLE", "echo $STYLF"))
plain("done: 1 ran, 2 fresh")
p.write("refit.yaml", manifest)
p.refit("run", env=environment)
settle()

lock = p.read("refit.lock")
p.write("refit.lock", lock.replace("lr", "lx"))  # somebody else's refit.lock is put right
plain("nothing to do: 3 fresh")
equal(p.read("refit.lock"), lock, "refit.lock")
settle()
os.remove(p.path("refit.lock"))
plain("nothing to do: 3 fresh")
equal(p.read("refit.lock"), lock, "refit.lock")
settle()

p.write(".refitignore", "two\n")
plain("done: 1 ran, 2 fresh")
settle()
os.remove(p.path(".refitignore"))
p.refit("run", env=environment)
settle()

# Another machine, as far as its name goes.
PER_LINUX, PER_LINUX32 = 0, 8
machine = os.uname().machine
if libc.personality(PER_LINUX32) >= 0 and os.uname().machine != machine:
    plain("done: 3 ran")
    libc.personality(PER_LINUX)
    plain("nothing to do: 3 fresh")  # it made the same
    settle()

# What another command writes to the state makes it look again; so does a run of one stage.
p.refit("run", "-B", "train", env=environment)
plain("nothing to do: 3 fresh")
settle()
# Where all is told of each stage, all is looked at.
equal(sorted(p.run(fresh=3, env=environment).states), ["gather", "split", "train"], "what is told")

# A file from the future is never beyond doubt: an edit need not show in its time.
settle()
later_ns = (int(time.time()) + 1_000_000) * 1_000_000_000
for path in ("data/one", "model"):  # a dep, an out
    os.utime(p.path(path), ns=(later_ns, later_ns))
    plain("nothing to do: 3 fresh")
    equal((stands(), stands()), (False, False), f"the manifest is left unread while {path} is of the future")
    os.utime(p.path(path))
    settle()

# What another run does while this one waits for it: it may end with less than there was.
p = Project("""
stages:
  wait:
    cmd: until [ -e go ]; do sleep 0.02; done; echo waited > waited
    deps: [data]
    outs:
      - waited: {persist: true}
  use:
    cmd: cp waited used; [ ! -e broken ]
    deps: [waited]
    outs: [used]
""", name="waits")
p.write("data", "1\n")
p.write("go", "")
p.run(ran=2)
time.sleep(2.2)
plain("nothing to do: 2 fresh")
os.remove(p.path("go"))
p.write("broken", "")
first = p.start("run", "-B")
wait_until(lambda: b"+wait" in p.bytes(".refit/lock"), "the first to be at its command")
second = p.start("run", "--wait")
wait_until(lambda: has_open(second.pid, ".refit/alive"), "the second to wait")
p.write("go", "")
first.wait(exit=1)
equal(second.wait(exit=None).stdout.splitlines()[-1].split(" in ")[0], "done: 1 restored, 1 fresh", "the last line")
equal(p.read("used"), "waited\n", "what is there again")

# A configuration that does not have any more what a stage wants.
p = Project("""
stages:
  big:
    cmd: echo big > big
    outs: [big]
    resources: {licences: 2}
""", name="wants")
p.write("refit.config.yaml", "resources: {licences: 2}\n")
p.run(ran=1)
time.sleep(2.2)
for _ in range(2):
    plain("nothing to do: 1 fresh")
p.write("refit.config.yaml", "resources: {licences: 1}\n")
p.refit("run", exit=2)
