"""Each run looks at what templates were resolved with: a file of variables, and one that is not there yet."""
import ctypes
import os
import time

from harness import Project, equal

libc = ctypes.CDLL(None, use_errno=True)
IN_OPEN = 0x20

p = Project("""\
    vars: [v/names.yaml]
    stages:
      one: {cmd: "echo ${name} > one", outs: [one]}
      two: {cmd: "echo ${other} > two", outs: [two], vars: [{other: 2}]}
    """)
p.write("v/names.yaml", "name: a\n")


def plain(expected):
    answer = p.refit("run")
    equal(answer.stdout.splitlines()[-1].split(" in ")[0], expected, "the last line")


def stands():
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0 and libc.inotify_add_watch(watch, os.fsencode(p.path("refit.yaml")), IN_OPEN) > 0
    plain("nothing to do: 2 fresh")
    try:
        os.read(watch, 4096)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(watch)


def settle():
    time.sleep(2.2)
    plain("nothing to do: 2 fresh")
    plain("nothing to do: 2 fresh")
    equal(stands(), True, "the manifest was left unread")


plain("done: 2 ran")
settle()
p.write("v/names.yaml", "name: b\n")
plain("done: 1 ran, 1 fresh")
equal(p.read("one"), "b\n", "the new value")
settle()
p.write("params.yaml", "third: 1\n")
plain("nothing to do: 2 fresh")
settle()
p.write("params.yaml", "name: 1\n")
answer = p.refit("run", exit=2)
equal(answer.stderr.strip(), "refit: v/names.yaml:1:1: the variable `name` is there already (params.yaml:1:1); "
      "remove one of them", "a new params.yaml that collides")
p.remove("params.yaml")
plain("nothing to do: 2 fresh")
settle()
p.remove("v/names.yaml")
equal(p.refit("run", exit=2).stderr.strip(), "refit: refit.yaml:1:8: there is no `v/names.yaml`, which `vars` names",
      "a file that is gone")
