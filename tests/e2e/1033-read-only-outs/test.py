"""Outs that their command made read-only are replaced as others; where that is not possible it is told, and nothing is
lost."""
import os
import subprocess

from harness import contains, equal, Project, skip

p = Project("""\
    stages:
      make:
        cmd: mkdir -p made; cp in.txt made/x; cp in.txt out.txt; chmod 444 out.txt made/x
        deps: [in.txt]
        outs: [out.txt, made]
    """)
p.write("in.txt", "one\n")
p.run(ran=1)
equal(os.stat(p.path("out.txt")).st_mode & 0o777, 0o444, "what the command made of it")
p.run(fresh=1)
p.write("in.txt", "second\n")
p.run(ran=1)
equal((p.read("out.txt"), p.read("made/x")), ("second\n", "second\n"), "made again")
p.write("in.txt", "one\n")
p.run(restored=1)
equal((p.read("out.txt"), p.read("made/x")), ("one\n", "one\n"), "restored")
p.path("out.txt").chmod(0o644)
p.write("out.txt", "by hand\n")
p.path("out.txt").chmod(0o444)
p.run(restored=1)
equal(len(p.grep("by hand\n")), 1, "the handwork is moved to rescue")

# Its folder cannot be written to.
p = Project("""\
    stages:
      make:
        cmd: cp in.txt shelf/out.txt
        deps: [in.txt]
        outs: [shelf/out.txt]
    """)
p.write("in.txt", "one\n")
p.write("shelf/keep", "")
p.run(ran=1)
p.write("in.txt", "second\n")
p.run(ran=1)
shelf = p.path("shelf")
if subprocess.run(["mount", "--bind", shelf, shelf], capture_output=True).returncode != 0:
    skip("mounting needs privileges")
try:
    subprocess.run(["mount", "-o", "remount,bind,ro", shelf], check=True)
    p.run(fresh=1)
    for text, word in (("third\n", "remove"), ("one\n", "restore")):
        p.write("in.txt", text)
        result = p.run(exit=1, failed=1)
        contains(result.reasons["make"], word, "shelf/out.txt" if word == "restore" else "out.txt",
                 "Read-only file system")
        equal(p.read("shelf/out.txt"), "second\n", "the out is left as it was")
finally:
    subprocess.run(["umount", shelf], check=True)
p.run(restored=1)
p.write("in.txt", "third\n")
p.run(ran=1)
equal(p.read("shelf/out.txt"), "third\n", "the out")
