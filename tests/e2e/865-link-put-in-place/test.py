"""A link that the user put in the place of an out, or into one, is content too: it goes to rescue."""
from harness import equal, Project

p = Project("""\
    stages:
      a:
        cmd: cp in.txt a.txt; mkdir d; cp in.txt d/f; ln -s a.txt b.txt; ln -s f d/made
        deps: [in.txt]
        outs: [a.txt, b.txt, d]
    """)
p.write("in.txt", "one\n")
p.run(ran=1)
p.write("in.txt", "two\n")
result = p.run(ran=1)
equal(result.notes, [], "links that the stage made are in the store")
p.remove("a.txt")
p.link("a.txt", "in.txt")
p.link("d/mine", "../in.txt")
p.write("in.txt", "three\n")
run = p.run(ran=1).finished["run"]
equal(p.path(f".refit/rescue/{run}/a.txt").readlink().name, "in.txt", "the link")
equal(str(p.path(f".refit/rescue/{run}/d/mine").readlink()), "../in.txt", "the link in the folder")
equal(p.exists(f".refit/rescue/{run}/b.txt"), False, "the link that the stage made is rescued")
