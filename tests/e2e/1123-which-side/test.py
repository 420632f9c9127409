"""What the store does not have is told with the run or revision that it is of."""
from harness import contains, equal, maker, set_n

p = maker(100)
p.write(".gitignore", "out.bin\n")
p.git("init", "-q", "-b", "main")
for n in range(3):
    set_n(p, n)
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-qm", f"{n}")
runs = p.refit("history", "--names").stdout.split()[::-1]
for name in ("a", "b"):
    p.git("tag", name, "HEAD~2" if name == "a" else "HEAD~1")
bundle = p.git("rev-parse", "a", "b").split()
contains(p.refit("diff", "a", "b").stdout, "out out.bin 100 bytes → 100 bytes, 0 bytes of it shared\n")

# gc takes what no branch and no tag names.
p.git("tag", "-d", "a", "b")
p.git("checkout", "-q", "--orphan", "alone")
p.git("commit", "-qm", "alone")
p.git("branch", "-D", "main")
p.refit("pin", runs[1])
p.refit("gc", "--budget", "1")
a, b = bundle
out = "out out.bin 100 bytes → 100 bytes, "
contains(p.refit("diff", a, b).stdout, f"{out}that of {a} is not in the store\n")
contains(p.refit("diff", b, runs[0]).stdout, f"{out}that of {runs[0]} is not in the store\n")
p.refit("pin", "--remove", runs[1])
p.refit("gc", "--budget", "1")
contains(p.refit("diff", a, runs[1]).stdout, f"{out}neither that of {a} nor that of {runs[1]} is in the store\n")
p.write("out.bin", "mine\n")
contains(p.refit("diff", "last", ".").stdout,
         "out out.bin 100 bytes → 5 bytes, that of the workspace is not in the store")
contains(p.refit("diff", a, ".").stdout, f", neither that of {a} nor that of the workspace is in the store\n")

contains(p.refit("restore", a, "out.bin", exit=5).stderr,
         f"the store does not have out.bin of stage `make` as refit.lock of {a} names it")
contains(p.refit("reproduce", a, exit=1).stdout, f"the store does not have out.bin of {a}; `--rerun` makes it again")
contains(p.refit("reproduce", runs[1], exit=1).stdout, f"the store does not have out.bin of run {runs[1]}; `--rerun`")
text = p.refit("reproduce", a, "--rerun", exit=1).stdout
contains(text, "make", "different", f"out.bin: the content differs; the store does not have that of {a}")

# A link is no content, and nothing is said of the store.
p.manifest("stages: {link: {cmd: ln -s $(cat to) link, deps: [to], outs: [link]}}\n")
for n in "xy":
    p.write("to", n)
    p.write(n, "here\n")
    p.run(ran=1)
equal(p.refit("diff", "-1", "last").stdout.splitlines()[-1], "  out link a link → a link", "links")
