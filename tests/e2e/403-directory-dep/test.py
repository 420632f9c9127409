"""A directory dep is its names and contents: a file added, removed, renamed or changed counts; times do not."""
from harness import equal, Project

p = Project("""\
    stages:
      list:
        cmd: find src -type f | LC_ALL=C sort > list.txt
        deps: [src]
        outs: [list.txt]
    """)
p.write("src/a.txt", "a")
p.write("src/deep/er/b.txt", "b")
p.run(ran=1)
equal(p.read("list.txt"), "src/a.txt\nsrc/deep/er/b.txt\n", "the list")
p.run(fresh=1)
p.touch("src/deep/er/b.txt")
p.run(fresh=1)
p.write("src/deep/c.txt", "c")
p.run(ran=1)
p.remove("src/deep/c.txt")
p.run(restored=1)
p.path("src/a.txt").rename(p.path("src/z.txt"))
p.run(ran=1)
p.write("src/deep/er/b.txt", "B")
p.run(ran=1)
p.path("src/z.txt").chmod(0o755)
p.run(ran=1)
p.path("src/z.txt").chmod(0o644)
p.write("src/deep/er/b.txt", "b")
p.path("src/z.txt").rename(p.path("src/a.txt"))
p.run(restored=1)
equal(p.read("list.txt"), "src/a.txt\nsrc/deep/er/b.txt\n", "the list")
p.remove("src")
p.write("src", "a file now")
p.run(ran=1)
