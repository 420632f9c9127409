"""Repositories that are shallow, bare, empty, or broken: what cannot be read is told, and no root is lost by it."""
from harness import contains, equal, maker, set_n

p = maker(100_000)


def commit(n, lock=None):
    set_n(p, n)
    p.refit("run")
    kept = p.read("refit.lock")
    if lock is not None:
        p.write("refit.lock", lock)
    p.git("add", "-A")
    p.git("commit", "-qm", f"n {n}")
    p.write("refit.lock", kept)


def gc(*words):
    return p.refit("gc", "--json", "--budget", "0", *words)


p.git("init", "-q", "-b", "main")
p.write(".gitignore", "out.bin\n")
set_n(p, 0)
p.run(ran=1)
equal(gc().stderr, "", "warnings where nothing is committed yet")
commit(1)
p.git("branch", "one")
commit(2)
result = gc()
equal((result.json["taken_records"], result.stderr), (1, ""), "only that of 0, which no refit.lock names, goes")
# A broken refit.lock in a branch is told; what branches had published stays, even of one that is gone.
p.git("branch", "-D", "one")
commit(3, lock="refit_lock: 1\nstages: 7\n")
for _ in range(2):
    result = gc()
    equal(result.json["taken_records"], 0, "records taken")
    contains(result.stderr, str(p.root), "main", "refit.lock", "stays")
commit(4)
equal(gc().json["taken_records"], 3, "records of 1, 2 and 3, once all can be read again")
# An object that is missing.
p.git("branch", "kept", "HEAD")
commit(5)
equal(gc().json["taken_records"], 0, "records taken")
blob = p.git("rev-parse", "kept:refit.lock").strip()
loose = p.path(f".git/objects/{blob[:2]}/{blob[2:]}")
bytes = loose.read_bytes()
loose.unlink()
result = gc()
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, "git: cannot read", "stays")
loose.write_bytes(bytes)
equal(gc().stderr, "", "warnings")
# No repository any more, or one that belongs to somebody else, or is not sound at all.
p.path(".git").rename(p.root / ".away")
result = gc()
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, "no git repository any more", "stays")
p.write(".git", "gitdir: /no/such/place\n")
result = gc()
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, str(p.root), "stays")
p.remove(".git")
p.path(".away").rename(p.root / ".git")
p.git("config", "core.repositoryformatversion", "99")
result = gc()
equal(result.json["taken_records"], 0, "records taken")
contains(result.stderr, "git: cannot read the repository", "stays")
git_config = p.read(".git/config").replace("99", "0")
p.write(".git/config", git_config)
# A shallow clone, and a worktree of a bare one, with a workspace in a folder below the top.
store = {"REFIT_STORE": str(p.path(".refit/store").resolve())}
p.git("clone", "-q", "--depth", "1", f"file://{p.root}", str(p.base / "shallow"))
p.git("clone", "-q", "--bare", str(p.root), str(p.base / "bare.git"))
p.git("worktree", "add", "-q", str(p.base / "tree"), "kept", cwd=p.base / "bare.git")
for name in ("shallow", "tree"):
    p.refit("restore", env=store, cwd=p.base / name)
    p.write("params.yaml", p.read("params.yaml"))
    p.refit("run", env=store, cwd=p.base / name)
    p.path(p.base / name / "out.bin").unlink()
    equal(p.refit("run", "--json", env=store, cwd=p.base / name).counts["restored"], 1, f"restored in {name}")
result = gc()
equal((result.json["taken_records"], result.stderr), (0, ""), "records taken, warnings")
equal({w["path"]: w["state"] for w in result.json["workspaces"]},
      {str(p.root): "read", str(p.base / "shallow"): "read", str(p.base / "tree"): "read"}, "workspaces")
