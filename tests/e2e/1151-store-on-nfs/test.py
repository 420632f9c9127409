"""A store, or a state, on a file system that LMDB cannot use: a line says what to do, and nothing is made there."""
# tags: plain
from faults import preload
from harness import Project, contains, equal

p = Project("stages: {s: {cmd: cp in.txt out.txt, deps: [in.txt], outs: [out.txt]}}\n")
p.write("in.txt", "1\n")
remote = {"REFIT_STORE": str(p.path("share")), **preload(remote="/share")}
result = p.refit("run", env=remote, exit=5)
contains(result.text, f"LMDB cannot keep a store on NFS ({p.path('share')})", "REFIT_STORE")
equal(p.exists("out.txt"), False, "the command was executed")
equal(list(p.path("share").iterdir()), [], "files of the store")
contains(p.refit("store", "import", "x", env=remote, exit=None).text, "x")
p.refit("status", env=remote)

# The same run with a store elsewhere does its work.
p.refit("run")
contains(p.refit("run", "-B", env=preload(remote=".refit/state"), exit=5).text, "LMDB cannot keep", "on NFS")
p.run(fresh=1)
