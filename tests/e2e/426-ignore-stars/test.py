"""Patterns of .refitignore with many stars take no longer for names that almost match."""
from harness import equal, Project

p = Project("""\
    stages:
      s:
        cmd: ls folder > out.txt
        deps: [folder]
        outs: [out.txt]
    """)
for end in "bc":
    p.write("folder/" + "a" * 250 + end, "x")
deep = "/".join("a" * 60)
p.write(f"folder/{deep}/c", "x")
p.write(".refitignore", "\n".join(["a*" * 60 + "b", "*a" * 100 + "b", "**/" * 60 + "b", "a**" * 40 + "/b",
                                   "**/a/" * 30 + "**/b", "[a-z]*" * 40 + "b", "?*" * 60 + "b"]) + "\n")
p.run(ran=1)
p.write("folder/" + "a" * 250 + "b", "ignored")  # it ends in what the patterns end in
p.run(fresh=1)
p.write("folder/" + "a" * 250 + "c", "counted")
p.run(ran=1)
p.write(f"folder/{deep}/b", "ignored")
p.run(fresh=1)
p.write(f"folder/{deep}/c", "counted")
equal(p.run(ran=1).states, {"s": "ran"}, "states")
