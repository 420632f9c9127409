"""gc forgets files that are gone, and removes what a killed run left; what was rescued only goes when it is asked."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      count:
        cmd: ls -R in linked/sub > out.txt
        deps: [in, linked/sub, ../outside]
        outs: [out.txt]
    """)
(p.base / "outside").mkdir()
(p.base / "outside/o").write_text("o")
for i in range(20):
    p.write(f"in/{i}", f"{i}")
    p.write(f"in/deep/er/{i}", f"{i}")
p.write("real/sub/x", "x")
p.link("linked", "real")
p.run(ran=1)
equal(p.refit("gc", "--json").json["forgotten_files"], 0, "files forgotten while all are there")
p.run(fresh=1)
p.remove("in/deep", "in/7")
p.run(ran=1)
equal(p.refit("gc", "--json", "-n").json["forgotten_files"], 0, "files that a dry run forgets")
equal(p.refit("gc", "--json").json["forgotten_files"], 21, "files that are gone")
equal(p.refit("gc", "--json").json["forgotten_files"], 0, "files forgotten again")
p.run(fresh=1)
p.write("out.txt", "edited by hand")
p.write("in/7", "seven")
p.run(ran=1)
rescued = list(p.path(".refit/rescue").rglob("out.txt"))
equal([path.read_text() for path in rescued], ["edited by hand"], "what was rescued")
p.write(".refit/tmp/left", "by a killed run")
contains(p.refit("gc").stdout, "left alone: 14 bytes in .refit/rescue and .refit/attempts; --rescue removes it")
expect(not p.exists(".refit/tmp/left"), "what a killed run left is gone")
expect(rescued[0].exists(), "what was rescued is there")
contains(p.refit("gc", "-n", "--rescue").stdout, "would be removed: 14 bytes")
expect(rescued[0].exists(), "a dry run removes nothing")
contains(p.refit("gc", "--rescue").stdout, "removed: 14 bytes")
expect(not p.exists(".refit/rescue"), "it is gone now")
equal(p.refit("gc", "--json").json["rescue_bytes"], 0, "bytes that were rescued")
p.run(fresh=1)
