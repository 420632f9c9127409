"""deploy.release puts files under their digest, moves the link in one step, and keeps so many of the earlier ones."""
import os

from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      build:
        cmd: mkdir model && cp data.txt model/weights && ln -s weights model/link && echo "$(wc -c < data.txt)" > size
        deps: [data.txt]
        outs: [model, size]
      release:
        use: deploy.release
        with: {files: [model, size], to: releases, previous: 2}
    """)


def current():
    return os.readlink(p.path("releases/current"))


def releases():
    return {path.name for path in p.path("releases").iterdir()} - {"current"}


p.write("data.txt", "0\n")
p.run(ran=1)
expect(not p.exists("releases"), "a deploy runs only when it is asked for")
p.run("release", ran=1, fresh=1)
first = current()
equal(releases(), {first}, "releases")
equal((p.read("releases/current/model/weights"), p.read("releases/current/size")), ("0\n", "2\n"), "what is released")
equal(os.readlink(p.path("releases/current/model/link")), "weights", "a link")
contains(p.refit("logs", "release").stdout, f"released releases/{first}")

# The same again is the same release.
p.run("release", ran=1, fresh=1)
equal((current(), releases()), (first, {first}), "the release and all of them")

names = [first]
for n in range(1, 5):
    p.write("data.txt", f"{n}\n" * n)
    p.run("--deploy", ran=2)
    names.append(current())
equal(len(set(names)), 5, "different releases")
equal(releases(), set(names[-3:]), "the last one and two before it")

# Back to an earlier one: it is the newest then.
p.write("data.txt", "2\n" * 2)
p.run("--deploy", restored=1, ran=1)
equal((current(), releases()), (names[2], set(names[-3:])), "the release and all of them")
p.write("data.txt", "new\n")
p.run("--deploy", ran=2)
equal(releases(), {current(), names[2], names[4]}, "the one that was current longest ago is gone")

# What fails leaves the link where it was.
before = current()
p.write("data.txt", "never\n")
p.replace("refit.yaml", "files: [model, size]", "files: [model, size, other/size]")
p.write("other/size", "x\n")
p.run("--deploy", ran=1, failed=1, exit=1)
contains(p.refit("logs", "release").stdout, "two of the files have the same name")
equal(current(), before, "the link")
