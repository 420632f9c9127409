"""Past builds of a project of DVC come back too; the project around the copy is not taken for it."""
from harness import Project, contains, equal

p = Project()
p.write("dvc.yaml", "stages:\n  a:\n    cmd: (echo m; cat in.txt) > o.txt\n    deps: [in.txt]\n    outs: [o.txt]\n")
p.write(".dvc/config", "")
p.write("in.txt", "x\n")
p.write(".gitignore", "/o.txt\n")
p.git("init", "-q")
p.run(ran=1)
p.git("add", "-A")
p.git("commit", "-qm", "one")
made = p.bytes("o.txt")


def back(revision, *words):
    result = p.refit("reproduce", revision, "--json", *words)
    equal([(e["stage"], e["result"]) for e in result.of("stage_reproduced")], [("a", "identical")], "stages")
    equal((p.path(result.events[-1]["folder"]) / "o.txt").read_bytes(), made, "o.txt")


back("HEAD", "--rerun")
p.git("rm", "-rq", "--cached", ".dvc")
p.write(".gitignore", "/o.txt\n.dvc\n")
p.git("add", ".gitignore")
p.git("commit", "-qm", "without .dvc")
p.write("in.txt", "y\n")
p.write("o.txt", "mine\n")
back("HEAD")
contains(p.refit("check-determinism", "a").stdout, "a", "identical")

# It has become one of refit since.
p.write("refit.yaml", "stages: {}\n")
back("HEAD~1")
equal((p.read("in.txt"), p.read("o.txt")), ("y\n", "mine\n"), "the tree")
