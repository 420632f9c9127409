"""`persist`: the previous bytes are an undeclared input. Not removed before, never restored by key, fresh only as this
workspace left it."""
from harness import equal, Project

p = Project("""\
    stages:
      log:
        cmd: '[ ! -e fail ] && cat in.txt >> log.txt'
        deps: [in.txt]
        outs: [{log.txt: {persist: true}}]
    """)
p.write("in.txt", "a\n")
p.run(ran=1)
p.run(fresh=1)
p.write("in.txt", "b\n")
p.run(ran=1)
equal(p.read("log.txt"), "a\nb\n", "the previous bytes were there")
# The key of the first run again: its record is not used.
p.write("in.txt", "a\n")
p.run(ran=1)
equal(p.read("log.txt"), "a\nb\na\n", "nothing was restored")
p.run(fresh=1)
p.write("log.txt", "edited\n")
p.run(ran=1)
equal(p.read("log.txt"), "edited\na\n", "an edit is an input too")
p.remove("log.txt")
p.run(ran=1)
equal(p.read("log.txt"), "a\n", "nothing was restored")
# An attempt that failed may have written half of it, even if it looks as before.
p.write("fail")
p.run("-B", failed=1, exit=1)
p.remove("fail")
p.run(ran=1)
equal(p.read("log.txt"), "a\na\n", "it ran again")
