"""Empty folders are stored in outs, and absent from dep digests."""
from harness import expect, Project

p = Project("""\
    stages:
      make:
        cmd: mkdir -p made/empty/deep made/full; echo x > made/full/x.txt
        outs: [made]
      list:
        cmd: find src -type f > list.txt
        deps: [src]
        outs: [list.txt]
    """)
p.write("src/a.txt", "a")
p.run(ran=2)
p.path("src/new/empty").mkdir(parents=True)
p.run(fresh=2)
p.remove("made")
p.run(restored=1, fresh=1)
expect(p.path("made/empty/deep").is_dir(), "the empty folder is back")
p.path("made/empty/deep").rmdir()
p.run(restored=1, fresh=1)
expect(p.path("made/empty/deep").is_dir(), "the empty folder is back")
