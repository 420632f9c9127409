"""Names are bytes: spaces, quotes, newlines and what is not UTF-8 are taken as they are."""
from harness import equal, Project

NAMES = ["with space", "it's", 'a "quote"', "new\nline", "$HOME", "-dash", "back\\slash", "tab\there", "émile", "*",
         "#x", "a:b", "[1]", "~", "%s%n"]
p = Project()
p.write("make.py", f"""\
import os, sys
os.mkdir(b'made')
for name in {NAMES!r} + [b'caf\\xe9', b'\\xff\\xfe']:
    with open(os.path.join(b'made', os.fsencode(name)), 'wb') as f:
        f.write(os.fsencode(name) * 3)
""")


def quoted(name):
    """As a double-quoted scalar of YAML."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


lines = ["stages:", "  make:", "    cmd: python3 make.py", "    deps: [make.py]", "    outs: [made]", "  copy:",
         "    cmd: python3 copy.py", "    deps:", *[f"      - {quoted('in/' + name)}" for name in NAMES],
         '      - !bytes "in/caf\\xe9"', "    outs:", *[f"      - {quoted('out/' + name)}" for name in NAMES],
         '      - !bytes "out/caf\\xe9"']
p.manifest("\n".join(lines) + "\n")
for name in [*map(str.encode, NAMES), b"caf\xe9"]:
    p.write(b"in/" + name, name)
p.write("copy.py", "import os, shutil\nfor name in os.listdir(b'in'):\n"
                   "    shutil.copy(os.path.join(b'in', name), os.path.join(b'out', name))\n")
p.run(ran=2)
before = p.snapshot("made", times=False), p.snapshot("out", times=False)
equal(len(before[0]), len(NAMES) + 2, "files made")
equal(len(before[1]), len(NAMES) + 1, "files copied")
p.run(fresh=2)
p.remove("made", "out")
p.run(restored=2)
equal((p.snapshot("made", times=False), p.snapshot("out", times=False)), before, "restored")
p.remove("made", "out", ".refit/state")
p.run(restored=2)
equal((p.snapshot("made", times=False), p.snapshot("out", times=False)), before, "restored by refit.lock")
for name in [*map(str.encode, NAMES), b"caf\xe9"]:
    p.write(b"in/" + name, name + b"!")
    verdict, changes = p.why("copy")
    equal((verdict, len(changes)), ("would run", 1), f"a change of {name}")
    p.write(b"in/" + name, name)

# What is JSON stays JSON; a name that is not UTF-8 is given in hexadecimal.
graph = p.refit("graph", "--json").json
outs = next(stage["outs"] for stage in graph["stages"] if stage["name"] == "copy")
equal({"path_hex": b"out/caf\xe9".hex()} in outs, True, "path_hex in graph --json")
equal("out/new\nline" in outs, True, "the name with a newline")
