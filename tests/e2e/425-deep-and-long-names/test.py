"""Names of 255 bytes and paths of almost 4,096 are deps and outs as others; what is nested deeper, or has a longer
path, is refused in a line, and nothing of it is lost."""
import atexit
import os
import subprocess

from harness import contains, equal, expect, Project

MAKE = """import os, sys
folder = os.open(sys.argv[1], os.O_RDONLY)
for name in [sys.argv[2] * int(sys.argv[3])] * int(sys.argv[4]):
    os.mkdir(name, dir_fd=folder)
    below = os.open(name, os.O_RDONLY, dir_fd=folder)
    os.close(folder)
    folder = below
os.write(os.open("last" * 60 + "of 255 bytes...", os.O_WRONLY | os.O_CREAT, dir_fd=folder), b"here\\n")
"""
p = Project()
atexit.register(subprocess.run, ["rm", "-rf", p.base])  # Python's own removal stops at a thousand folders
p.write("make.py", MAKE)
expect(len("last" * 60 + "of 255 bytes...") == 255, "a name as long as can be")


def found(top):
    """The content of the last file, which no path may lead to."""
    return subprocess.run(["find", top, "-name", "last*", "-execdir", "cat", "{}", ";"], cwd=p.root, check=True,
                          capture_output=True, text=True).stdout


def remove(top):
    subprocess.run(["rm", "-rf", top], cwd=p.root, check=True)


NESTED, LONG = "nested more than 512 folders", "File name too long"
for name, size, depth, refusal in (("n", 255, 14, ""), ("d", 1, 500, ""), ("d", 1, 1000, NESTED),
                                   ("d", 1, 3000, NESTED), ("n", 255, 20, LONG)):
    case = f"{depth} folders with names of {size}"
    p.manifest(f"""\
        stages:
          make:
            cmd: mkdir top; python3 make.py top {name} {size} {depth}
            deps: [make.py]
            outs: [top]
        """)
    remove("top")
    remove(".refit")
    made = p.refit("run", "--json", exit=1 if refusal else 0)
    if refusal:
        contains(made.reasons["make"], refusal)
        equal(found(".refit/attempts"), "here\n", f"what is kept of the attempt, {case}")
        p.refit("run", exit=1)
        subprocess.run(["mv", ".refit/attempts/make/top", "top"], cwd=p.root, check=True)
        contains(p.refit("run", "--json", exit=1).reasons["make"], refusal)
        equal(found(".refit/rescue"), "here\n", f"what was in the way, {case}")
    else:
        p.run(fresh=1)
        remove("top")
        p.run(restored=1)
        equal(found("top"), "here\n", f"what was restored, {case}")
        p.run("-B", ran=1)
    # The same as a dep.
    remove("top")
    p.path("top").mkdir()
    subprocess.run(["python3", "make.py", "top", name, str(size), str(depth)], cwd=p.root, check=True)
    p.manifest("""\
        stages:
          use:
            cmd: ls top > use.txt
            deps: [top]
            outs: [use.txt]
        """)
    used = p.refit("run", "--json", exit=1 if refusal else 0)
    contains(used.reasons["use"] or "", refusal)
    equal(found("top"), "here\n", f"the dep, {case}")
