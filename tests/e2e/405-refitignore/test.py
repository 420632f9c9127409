""".refitignore, in gitignore's syntax, leaves files out of dep digests, never out of outs."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir -p made; echo x > made/x.txt; echo log > made/x.log
        outs: [made]
      list:
        cmd: ls src > list.txt
        deps: [src]
        outs: [list.txt]
    """)
p.write("src/a.txt", "a")
p.write(".refitignore", "# logs\n*.log\n!keep.log\n/src/tmp/\n")
p.run(ran=2)
p.write("src/x.log", "ignored")
p.write("src/deep/y.log", "ignored")
p.write("src/tmp/anything", "ignored")
p.run(fresh=2)
p.write("src/keep.log", "counts")
equal(p.run(fresh=1, ran=1).started, ["list"], "a file that a later pattern takes back")
p.write("src/deep/tmp/z", "counts: the pattern is anchored")
p.run(fresh=1, ran=1)
p.remove("made")
p.run(restored=1, fresh=1)
expect(p.exists("made/x.log"), "outs are whole")
p.write("made/x.log", "edited")
p.run(restored=1, fresh=1)
equal(p.read("made/x.log"), "log\n", "an edit of an ignored name in an out is seen")
p.write(".refitignore", "")
p.run(fresh=1, ran=1)
