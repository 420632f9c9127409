"""`refit diff` names the files that differ in a folder that only git has as it was, and says why if it cannot."""
import shutil

from harness import contains, equal, Project

p = Project("""
    stages:
      s: {cmd: cat src/*.txt > s.txt, deps: [src], outs: [s.txt]}
""")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/*.txt\n*.log\n")
p.write(".refitignore", "src/notes\n")


def commit(name):
    p.run("-B", ran=1)
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def names(*sides):
    changes = p.refit("diff", *sides, "--json").json["stages"][0]["changes"]
    equal([change["name"] for change in changes], ["src"], "deps")
    return [(f["path"], f["change"]) for f in changes[0]["files"]], changes[0]["files_unknown"]


p.write("src/a.txt", "a\n")
p.write("src/b.txt", "b\n")
p.write("src/deep/c.txt", "c\n")
p.write("src/deep.txt", "sorts between\n")
p.write("src/notes/n", "one\n")
p.link("src/deep/link", "c.txt")
commit("one")
p.write("src/a.txt", "A\n")
p.remove("src/b.txt")
p.write("src/d.txt", "d\n", executable=True)
p.write("src/notes/n", "two\n")
commit("two")
p.write("src/a.txt", "AA\n")
p.path("src/d.txt").chmod(0o644)
p.remove("src/deep/link")
p.link("src/deep/link", "../a.txt")
commit("three")
expected = [("a.txt", "changed"), ("b.txt", "gone"), ("d.txt", "new")]
equal(names("one", "two"), (expected, None), "of revisions")
later = [("a.txt", "changed"), ("d.txt", "changed"), ("deep/link", "changed")]
equal(names("two", "three"), (later, None), "of revisions")
equal(names("two"), (later, None), "of the workspace")
contains(p.refit("diff", "one", "two").stdout,
         "  dep src changed\n    a.txt changed\n    no more b.txt\n    new d.txt\n")

# Runs of committed trees.
p.git("commit", "-q", "--allow-empty", "-m", "again")
p.run("-B", ran=1)
p.write("src/a.txt", "AAA\n")
p.git("commit", "-qam", "four")
p.run(ran=1)
equal(names("-1", "last"), ([("a.txt", "changed")], None), "of runs")

# What git does not have as it was read: an ignored file, a change that was never committed.
p.write("src/x.log", "ignored by git, read by the stage\n")
p.run(ran=1)
p.write("src/x.log", "other\n")
files, why = names("last")
equal(files, [], "files")
contains(why, "that of ", "neither in the store nor here, nor has git its files as they were read")
contains(p.refit("diff", "last").stdout, "  dep src changed\n    which files is not known: that of ")
shutil.rmtree(p.path(".git"))
p.write("src/x.log", "without a commit\n")
p.run("-B", ran=1)
p.write("src/a.txt", "B\n")
contains(names("last")[1], "no commit is known that could have it")
