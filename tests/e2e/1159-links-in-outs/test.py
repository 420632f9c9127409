"""Links in a folder that is an out are links: removing, restoring and rescuing it follows none of them."""
import os

from harness import Project, equal

p = Project("""\
    stages:
      make:
        cmd: >-
          mkdir -p out/sub; cp in.txt out/a; ln -s ../precious out/up; ln -s a out/same; ln -s nowhere out/dead;
          ln -s sub out/folder; cp in.txt out/sub/b
        deps: [in.txt]
        outs: [out]
    """)
p.write("precious/file", "mine\n")
p.write("in.txt", "1\n")
p.run(ran=1)


def looks_right(text):
    links = {name: os.readlink(p.path(f"out/{name}")) for name in ("up", "same", "dead", "folder")}
    equal(links, {"up": "../precious", "same": "a", "dead": "nowhere", "folder": "sub"}, "links")
    equal((p.read("out/a"), p.read("out/sub/b"), p.read("precious/file")), (text, text, "mine\n"), "files")


looks_right("1\n")
p.write("in.txt", "2\n")
p.run(ran=1)  # the old one is removed
looks_right("2\n")
p.write("in.txt", "1\n")
p.run(restored=1)
looks_right("1\n")
p.write("out/mine", "edited by hand\n")
p.write("in.txt", "3\n")
p.run(ran=1)
looks_right("3\n")
rescued, = p.path(".refit/rescue").glob("*/out")
equal((os.readlink(rescued / "up"), (rescued / "mine").read_text()), ("../precious", "edited by hand\n"), "rescued")
equal(p.read("precious/file"), "mine\n", "what a link leads to")
