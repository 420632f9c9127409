"""Links in a directory dep: within the tree the text counts; out of it the target's digest too; dangling: the text."""
from harness import Project

p = Project("""\
    stages:
      a:
        cmd: ls src > a.txt
        deps: [src]
        outs: [a.txt]
    """)
p.write("src/real.txt", "1")
p.write("src/other.txt", "1")
p.write("outside.txt", "1")
p.link("src/inner", "real.txt")
p.link("src/leaving", "../outside.txt")
p.link("src/dangling", "nowhere")
p.run(ran=1)
p.run(fresh=1)

p.remove("src/inner")
p.link("src/inner", "other.txt")
p.run(ran=1)

p.write("outside.txt", "2")
p.run(ran=1)

p.remove("src/dangling")
p.link("src/dangling", "elsewhere")
p.run(ran=1)
p.run(fresh=1)
