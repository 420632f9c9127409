"""What a depfile named is in refit.lock and in the history, so that diff, show and why know of it without a state."""
import os
import shutil

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      gen: {cmd: cp seed.inc gen.inc, deps: [seed.inc], outs: [gen.inc]}
      compile:
        cmd:
          - cat main.txt a.inc lib/b.inc gen.inc $(ls | grep c.inc) > out.txt
          - 'echo "out.txt: a.inc lib/b.inc gen.inc $(ls | grep c.inc) /etc/passwd" > out.d'
        deps: [main.txt, gen.inc]
        outs: [out.txt]
        depfile: out.d
    """)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\nout.txt\nout.d\ngen.inc\n")
p.write("main.txt", "main\n")
p.write("a.inc", "a\n")
p.write("lib/b.inc", "b\n")
p.write("seed.inc", "seed\n")


def build(name):
    p.refit("run", "compile")
    p.git("add", "-A")
    p.git("commit", "-qm", name)
    p.git("tag", name)


def changes(*sides):
    stage = {s["stage"]: s for s in p.refit("diff", *sides, "--json").json["stages"]}["compile"]
    expect(not stage["undetermined"], "it is not deterministic")
    return [(c["kind"], c["name"], c["old"] is None, c["new"] is None) for c in stage["changes"]]


build("one")
lock = p.read("refit.lock")
contains(lock, "    found:\n      a.inc: \"file ", "      lib/b.inc: \"file ")
expect("      /etc/passwd:" not in lock, "a path of this machine in refit.lock")
p.write("lib/b.inc", "B\n")
build("two")
p.write("c.inc", "c\n")
p.write("a.inc", "A\n")
p.touch("main.txt")
build("three")

# What was found is no part of the key.
keys = [line for line in lock.splitlines() if "key:" in line]
equal([line for line in p.read("refit.lock").splitlines() if "key:" in line], keys, "keys")

equal(changes("one", "two"), [("found", "lib/b.inc", False, False)], "of revisions")
equal(changes("two", "three"), [("found", "a.inc", False, False), ("found", "c.inc", True, False)], "a new one")
equal(changes("-2", "-1"), changes("one", "two"), "of runs")
contains(p.refit("diff", "one", "two").stdout, "compile\n  dep lib/b.inc (found while running) changed\n  out out.txt")
contains(p.refit("diff", "two", "three").stdout, "  new dep c.inc (found while running)\n")
contains(p.refit("show", "-1").stdout, "dep lib/b.inc (found while running) changed")
p.write("lib/b.inc", "another\n")
equal(changes("HEAD"), [("found", "lib/b.inc", False, False)], "the workspace")
p.remove("c.inc")
equal(changes("HEAD"), [("found", "c.inc", False, True), ("found", "lib/b.inc", False, False)], "one that is gone")
p.git("checkout", "-q", "c.inc", "lib/b.inc")
equal(p.refit("diff", "HEAD", "--exit-code").stdout, "nothing differs\n", "the commit")

# A clone with neither state nor store: why knows what changed; nothing of the lock changes by reading it.
clone = p.sibling("clone")
p.git("clone", "-q", str(p.root), str(clone.root / "x"))
for name in os.listdir(clone.root / "x"):
    shutil.move(str(clone.root / "x" / name), str(clone.root / name))
clone.run("gen", ran=1)
contains(clone.refit("why", "compile").stdout, "compile would run")
clone.write("lib/b.inc", "elsewhere\n")
contains(clone.refit("why", "compile").stdout, "dep lib/b.inc (found while running) changed")
contains(clone.run(exit=0, ran=1, fresh=1).start_reason("compile"), "dep lib/b.inc (found while running) changed")

# The lock of an older refit, without what was found: read, not rewritten by a no-op, and not taken for chance.
old = p.read("refit.lock")
begin, end = old.index("    found:\n"), old.index("    produced:\n")
p.write("refit.lock", old[:begin] + old[end:])
p.git("commit", "-qam", "by an older refit")
p.write("a.inc", "AAA\n")
p.run(fresh=1, ran=1)
text = p.refit("diff", "HEAD").stdout
contains(text, "compile\n  made from the same, as far as is known, and yet different: what its depfile named is not")
contains(p.read("refit.lock"), "    found:\n")
