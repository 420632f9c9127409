"""Parameters of .toml and .py files: literals alone, by dotted keys or as a whole, converted once for each content."""
import os

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        params: [{conf.toml: [model.lr, layers.1, when]}]
        outs: [a.txt]
      b:
        cmd: echo b > b.txt
        params: [{settings.py: [RATE, Train.epochs, Net.width, SIZES.0, OPTIONS.deep.a b]}]
        outs: [b.txt]
      c:
        cmd: echo c > c.txt
        params: [{settings.py: null}]
        outs: [c.txt]
    """)
p.write("conf.toml", 'when = 1979-05-27T07:32:00Z\nlayers = [1, 2.5]\n[model]\nlr = 1e-3\nother = "x"\n')
SETTINGS = '''\
import os
RATE: float = 0.5
SIZES = (1, 2, 3)
OPTIONS = {"deep": {"a b": "snow \\u2603 \\"q\\"", 1: None}, "set": {2, 1}}
COMPUTED = len("abc")
os.mkdir("executed")
NOTHING: int
a = b = 1
class Train:
    epochs = -3
    def run(self):
        self.hidden = 1
class Net:
    def __init__(self):
        self.width = 7
        local = 8
'''
p.write("settings.py", SETTINGS)
# A Python that tells how often it is started.
p.write("bin/python3",
        '#!/bin/sh\necho started >> "$COUNT"\nexec /usr/bin/env PATH="$REST" python3 "$@"\n', executable=True)
count = p.base / "count"
p.environment.update(COUNT=str(count), REST=os.environ["PATH"], PATH=f"{p.root}/bin:{os.environ['PATH']}")


def started():
    lines = count.read_text().count("\n") if count.exists() else 0
    count.unlink(missing_ok=True)
    return lines


p.run(ran=3)
equal(started(), 2, "Pythons for two files")
expect(not p.exists("executed"), "nothing of a .py file is executed")
p.run(fresh=3)
p.refit("why", "a")
equal(started(), 0, "Pythons where nothing changed")
lock = p.read("refit.lock")
for part in ("conf.toml:model.lr", "0.001", "conf.toml:layers.1", "2.5", "settings.py:Net.width", "settings.py:RATE"):
    contains(lock, part)
expect("hidden" not in lock and "local" not in lock and "COMPUTED" not in lock, f"only literals:\n{lock}")

# Only what is named decides.
p.write("conf.toml", '# more\nlayers = [9, 2.5]\nwhen = 1979-05-27T07:32:00Z\nmodel.lr = 0.001\nmodel.other = "y"\n')
p.run(fresh=3)
p.write("settings.py", SETTINGS.replace("(1, 2, 3)", "(1, 2, 4)"))
equal(p.run(ran=1, fresh=2).started, ["c"], "the whole file")
p.write("settings.py", SETTINGS.replace("epochs = -3", "epochs = -4"))
result = p.run(ran=2, fresh=1)
contains(result.start_reason("b"), "settings.py:Train.epochs", "-3", "-4")
equal(started(), 3, "Pythons for three changes")

# A reader converts, and does not keep it.
p.write("conf.toml", "layers = [9, 3]\nwhen = 1979-05-27T07:32:00Z\nmodel.lr = 0.001\n")
before = p.bytes(".refit/state/data.mdb")
for _ in range(2):
    contains(p.refit("status").stdout, "conf.toml:layers.1 2.5 → 3")
expect(p.bytes(".refit/state/data.mdb") == before, "a reader writes nothing to the state")
equal(started(), 2, "Pythons of two readers")
