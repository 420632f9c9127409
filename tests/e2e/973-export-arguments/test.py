"""What is exported: the stages in refit.lock, those that are named, or everything; mistakes are told."""
import socket

from harness import contains, equal, expect, pipeline, Project

p = pipeline()
contains(p.refit("store", "export", "x", exit=2).stderr, "there is no store yet")
p.run(ran=3)
p.replace("params.yaml", "lr: 0.1", "lr: 0.2")
p.run(ran=2, fresh=1)


def export(*arguments):
    return p.refit("store", "export", "x", "--json", *arguments).json["records"]


equal(export(), 3, "of refit.lock")
equal(export("train", "split"), 2, "of those that are named")
equal(export("--all"), 5, "all")
p.path("sub").mkdir()
p.refit("store", "export", "y", cwd=p.path("sub"))
expect(p.exists("sub/y"), "the file is relative to where the user is")
contains(p.refit("store", "export", "x", "trian", exit=2).stderr, "did you mean `train`?")
contains(p.refit("store", "export", exit=2).stderr, "needs a FILE")
contains(p.refit("store", "import", exit=2).stderr, "needs a FILE")
contains(p.refit("store", "export", "x", "--all", "train", exit=2).stderr, "--all")
contains(p.refit("store", "import", "nothing.refit", exit=2).stderr, "cannot open nothing.refit")
contains(p.refit("store", "exprt", "x", exit=2).stderr, "did you mean `refit store export`?")
contains(p.refit("store", "stats", "x", exit=2).stderr, "no more arguments")
p.refit("store", "export", "no/such/folder/x", exit=5)
socket.socket(socket.AF_UNIX).bind(str(p.path("socket")))
contains(p.refit("store", "export", "socket", exit=5).stderr, "cannot open", "socket")
expect(not list(p.root.rglob("*.tmp-*")), "no temporary is left")
p.remove(".refit/store")
answer = p.refit("store", "import", "x").stdout
contains(answer, "imported 5 new of 5 records")
p.refit("store", "export", "z", "train")

elsewhere = Project(base=p.base, name="elsewhere")
contains(elsewhere.refit("store", "import", str(p.path("x")), exit=2).stderr, "no refit.yaml")
expect(not elsewhere.exists(".refit"), "nothing is made in a folder that is no project")
elsewhere.refit("store", "import", str(p.path("x")), env={"REFIT_STORE": str(p.base / "shared")})
p.remove("model.txt")
p.run(env={"REFIT_STORE": str(p.base / "shared")}, restored=1, fresh=2)
