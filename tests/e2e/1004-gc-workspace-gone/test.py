"""What a workspace published stays when its folder is gone, and is told; `--forget` lets it go."""
import shutil

from harness import contains, equal, makers_on_one_store, set_n

a, b = makers_on_one_store(100_000)
for p, n in ((a, 1), (b, 2)):
    set_n(p, n)
    p.run(ran=1)
shutil.move(b.root, a.base / "moved")
equal(a.refit("gc", "--json", "-n", "--budget", "0").json["taken_records"], 0, "records that would be taken")
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
equal((result["taken_records"], {w["path"]: w["state"] for w in result["workspaces"]}),
      (1, {str(a.root): "read", str(b.root): "forgotten"}), "forgotten")
equal([w["path"] for w in a.refit("gc", "--json").json["workspaces"]], [str(a.root)], "workspaces since")
# By a path through a link, from elsewhere: the workspace that gc runs in is forgotten like any other.
(a.base / "link").symlink_to(a.root)
(a.base / "outside").mkdir()
for words in ((), ("-C", "../project"), ("-C", str(a.root))):
    folder = a.base / "outside" if words else a.root
    answer = a.refit("gc", "--json", "-n", "--budget", "0", "--forget", "../link", *words, cwd=folder).json
    equal((answer["taken_records"], [w["state"] for w in answer["workspaces"]]), (1, ["forgotten"]),
          f"from {folder}, {words}")
a.refit("verify")
