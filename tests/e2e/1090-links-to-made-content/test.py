"""Content that another stage makes is a dep by its own path: a link to it, above it or on the way is refused."""
from harness import contains, equal, Project

MANIFEST = """\
    stages:
      reads:
        cmd: cat {read} > read.txt
        deps: {deps}
        outs: [read.txt]
      zmakes:
        cmd: sleep 0.1; echo made > made/out.txt
        outs: [made/out.txt]
    """


def project(read, deps):
    p = Project(MANIFEST.format(read=read, deps=deps))
    p.write("made/source.txt", "source\n")
    p.write("folder/own.txt", "own\n")
    p.link("current", "made")
    p.link("folder/link", "../current/out.txt")
    p.link("folder/all", "../made")
    return p


def refused(read, deps, *words):
    p = project(read, deps)
    p.write("made/out.txt", "older\n")
    result = p.refit("run", "--json", "-k", "0", exit=2)
    equal(result.states, {"reads": "failed", "zmakes": "ran"}, f"states with deps {deps}")
    contains(result.reasons["reads"], *words)
    equal(p.verdicts()["reads"], "would fail", f"status with deps {deps}")


refused("current/*", "[current]", "current", "link to made", "`zmakes`", "made/out.txt")
refused("current/out.txt", "[current/out.txt]", "current/out.txt", "made/out.txt", "`zmakes`")
refused("folder/link", "[folder]", "folder/", "made", "`zmakes`")
p = project("current/* folder/*.txt", "[current, folder, made/out.txt]")
p.run(ran=2)
equal(p.read("read.txt"), "made\nsource\nown\n", "what was read once the dep is there")
p.run(fresh=2)
p.write("made/source.txt", "new\n")
p.run(ran=1, fresh=1)

# One's own out, through a link: that is a circle.
p = Project("""\
    stages:
      reads:
        cmd: cat current/source.txt > made/read.txt
        deps: [current]
        outs: [made/read.txt]
    """)
p.write("made/source.txt", "source\n")
p.link("current", "made")
contains(p.run(failed=1, exit=2).reasons["reads"], "current", "made/read.txt", "its own")
