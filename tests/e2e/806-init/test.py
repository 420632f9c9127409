"""`init` writes a manifest that runs, and never overwrites one."""
from harness import contains, equal, expect, Project

p = Project()
contains(p.refit("init").text, "refit")
result = p.refit("run", "--json")
expect(result.counts["ran"] >= 1, "something ran")
equal(result.counts["failed"], 0, "failures")
counts = p.refit("run", "--json").counts
equal((counts["ran"], counts["failed"]), (0, 0), "the second run has nothing to do")
before = p.bytes("refit.yaml")
p.write("refit.yaml", before + b"# mine\n")
contains(p.refit("init", exit=2).stderr, "refit.yaml")
equal(p.bytes("refit.yaml"), before + b"# mine\n", "the manifest")
p.refit("init", "new/folder")
expect(p.exists("new/folder/refit.yaml"), "init FOLDER")
equal(p.read("new/folder/.refit/.gitignore"), "*\n", "what git is to ignore")
equal(p.refit("init", "--json", "third").stdout, '{"made":["refit.yaml",".refit/.gitignore"]}\n', "as JSON")
