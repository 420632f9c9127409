"""A directory out is restored exactly: names, bytes, bits and links as they were, and nothing else in it."""
from harness import equal, Project

p = Project("""\
    stages:
      make:
        cmd: sh make.sh
        deps: [make.sh]
        outs: [made]
    """)
p.write("make.sh", "mkdir -p made/a/b made/empty\necho one > made/a/b/one; echo two > made/two; chmod +x made/two\n"
                   "ln -s a/b/one made/link; ln -s nowhere made/dangling; : > made/zero\n"
                   "i=0; while [ $i -lt 50 ]; do echo $i > made/a/$i; i=$((i + 1)); done\n")
p.run(ran=1)
before = p.snapshot("made", times=False)
p.remove("made")
p.run(restored=1)
equal(p.snapshot("made", times=False), before, "restored from nothing")

p.remove("made/two", "made/link")
p.write("made/a/b/one", "edited")
p.write("made/extra", "was not produced")
p.path("made/a/7").unlink()
p.path("made/a/7").mkdir()
p.run(restored=1)
equal(p.snapshot("made", times=False), before, "restored from something else")
p.run(fresh=1)
