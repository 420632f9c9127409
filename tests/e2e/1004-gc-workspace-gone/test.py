"""What a workspace published stays when its folder is gone, and is told; `--forget` lets it go."""
import shutil

from harness import contains, equal, Project

MANIFEST = """\
    stages:
      make:
        cmd: cat params.yaml && head -c 100000 /dev/urandom > out.bin
        params: [n]
        outs: [out.bin]
    """
a = Project(MANIFEST)
a.environment["REFIT_STORE"] = str(a.base / "store")
b = a.sibling("b")
b.manifest(MANIFEST)
for p, n in ((a, 1), (b, 2)):
    p.write("params.yaml", f"n: {n}\n")
    p.run(ran=1)
shutil.move(b.root, a.base / "moved")
result = a.refit("gc", "--json", "--budget", "0").json
equal(result["taken_records"], 0, "records taken")
equal({w["path"]: w["state"] for w in result["workspaces"]}, {str(a.root): "read", str(b.root): "gone"}, "states")
contains(a.refit("gc").stdout, str(b.root), "its folder is gone", "--forget")
shutil.move(a.base / "moved", b.root)
b.remove("out.bin")
b.run(restored=1)
# Without a refit.lock, or with a broken one, what was published stays as well.
lock = b.read("refit.lock")
b.remove("refit.lock")
result = a.refit("gc", "--json", "--budget", "0")
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, str(b.root), "no refit.lock any more")
b.write("refit.lock", "<<<<<<< HEAD\n" + lock)
result = a.refit("gc", "--json", "--budget", "0")
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, str(b.root), "refit.lock:1:1", "merge conflict", "stays")
b.write("refit.lock", lock)
shutil.rmtree(b.root)
contains(a.refit("gc", "--forget", "/no/such", exit=2).stderr, "/no/such")
for word in (str(b.root), "../b", "../../" + a.base.name + "/./b/"):
    equal(a.refit("gc", "--json", "-n", "--budget", "0", "--forget", word).json["taken_records"], 1, f"by {word}")
equal(a.refit("gc", "--json", "--budget", "0").json["taken_records"], 0, "nothing went yet")
result = a.refit("gc", "--json", "--budget", "0", "--forget", str(b.root)).json
equal((result["taken_records"], [w["path"] for w in result["workspaces"]]), (1, [str(a.root)]), "forgotten")
a.refit("verify")
