"""`reproduce` in a shallow clone, a worktree, a subfolder, with submodules, LFS pointers, and links out of it."""
# tags: plain
# (libgit2 1.5 loses memory when it looks for submodules, which a sanitizer tells.)
import os

from harness import Project, contains, equal, expect

p = Project("stages: {s: {cmd: (echo made; cat in.txt) > out.txt, deps: [in.txt], outs: [out.txt]}}\n")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "out.txt\n")
p.write("in.txt", "one\n")
p.write("tool.sh", "#!/bin/sh\n", executable=True)
p.link("dangling", "no/where")
p.run(ran=1)
p.git("add", "-A")
p.git("commit", "-qm", "one")
p.write("in.txt", "two\n")
p.run(ran=1)
p.git("commit", "-qam", "two")


def reproduced(project, *words, exit=0, cwd=None):
    result = project.refit("reproduce", *words, "--json", exit=exit, cwd=cwd)
    last = result.events[-1]
    return {e["stage"]: e for e in result.of("stage_reproduced")}, last


stages, last = reproduced(p, "HEAD~1", "--rerun")
equal(stages["s"]["result"], "identical", "one")
folder = p.path(last["folder"])
expect((folder / "tool.sh").stat().st_mode & 0o111 == 0o111, "modes")
equal(str((folder / "dangling").readlink()), "no/where", "links")

# A tree is no commit; an id that is too short may mean several.
contains(p.refit("reproduce", "HEAD:in.txt", exit=2).stderr, "the revision `HEAD:in.txt` is no commit")
contains(p.refit("reproduce", "HEAD..HEAD", exit=2).stderr, "git knows no revision")
contains(p.refit("reproduce", "", exit=2).stderr, "an empty word names no build")

# A worktree, from a folder in it; its store is the same.
store = {"REFIT_STORE": str(p.path(".refit/store"))}
p.git("worktree", "add", "-q", "../tree", "HEAD")
tree = Project(base=p.base, name="other")
contains(tree.refit("reproduce", "HEAD", exit=2).stderr, "is in no git repository")
result = p.refit("reproduce", "HEAD~1", "--rerun", "--json", cwd=p.base / "tree", env=store)
equal(result.of("stage_reproduced")[0]["result"], "identical", "in a worktree")

# A shallow clone lacks commits, and says so.
p.git("clone", "-q", "--depth", "1", f"file://{p.root}", "../shallow")
result = p.refit("reproduce", "HEAD", "--rerun", "--json", cwd=p.base / "shallow")
equal(result.of("stage_reproduced")[0]["result"], "identical", "in a shallow clone, with an empty store")
contains(p.refit("reproduce", "HEAD~1", cwd=p.base / "shallow", exit=2).stderr, "this clone is shallow")

# A repository of somebody else's.
if os.geteuid() == 0:
    p.git("clone", "-q", f"file://{p.root}", "../theirs")
    for folder, _, files in os.walk(p.base / "theirs"):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.lchown(path, 1234, 1234)
    result = p.refit("reproduce", "HEAD~1", "--rerun", "--json", cwd=p.base / "theirs")
    equal(result.of("stage_reproduced")[0]["result"], "identical", "of another owner")

# From the store, an empty one: said, with what helps.
p.git("clone", "-q", f"file://{p.root}", "../clone")
result = p.refit("reproduce", "HEAD", cwd=p.base / "clone", exit=1)
contains(result.stdout, "not reproducible", "the store does not have out.txt of HEAD; `--rerun` makes it again")
equal(p.git("status", "--porcelain", cwd=p.base / "clone"), "", "the clone")

# A project in a subfolder that reads beside itself: all of the repository is there.
mono = Project(base=p.base, name="mono")
mono.git("init", "-q", "-b", "main")
mono.write("shared/lib.txt", "shared one\n")
mono.write("sub/refit.yaml",
           "stages: {s: {cmd: (cat ../shared/lib.txt x) > o, deps: [../shared/lib.txt, x], outs: [o]}}\n")
mono.write("sub/x", "x\n")
mono.write("sub/.gitignore", "o\n")
mono.write("other/large", "large\n")
sub = mono.path("sub")
mono.refit("run", cwd=sub)
mono.git("add", "-A")
mono.git("commit", "-qm", "one")
mono.write("shared/lib.txt", "shared two\n")
stages, last = reproduced(mono, "HEAD", "--rerun", cwd=sub)
equal(stages["s"]["result"], "identical", "beside the project")
expect(mono.path(last["folder"]).is_relative_to(sub), "the folder")
equal(mono.read("shared/lib.txt"), "shared two\n", "what is beside the project")
stages, last = reproduced(mono, "HEAD", "--rerun", cwd=sub)
equal(stages["s"]["result"], "identical", "once more")
mono.write("sub/refit.yaml", "stages: {s: {cmd: cat x > o, deps: [x], outs: [o]}}\n")
mono.refit("run", cwd=sub)
mono.git("commit", "-qam", "two")
stages, last = reproduced(mono, "HEAD", cwd=sub)
expect(not (mono.path(last["folder"]) / "other").exists() and (mono.path(last["folder"]) / "x").exists(),
       "the project's part alone")

# Submodules and pointers of LFS: named. What of them the store has comes back.
q = Project("data: {big: {path: big.bin}}\n"
            "stages: {s: {cmd: (echo made; cat big.bin) > o, deps: [big.bin], outs: [o]},"
            " m: {cmd: (echo m; cat mod/in.txt) > m, deps: [mod/in.txt], outs: [m]}}\n", base=p.base, name="lacking")
q.git("init", "-q", "-b", "main")
q.git("submodule", "--quiet", "add", f"file://{p.root}", "mod")
q.write(".gitignore", "/o\n/m\n")
q.write("big.bin", "the content\n")
q.run(ran=2)
content = q.bytes("big.bin")
q.write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 12\n")
q.git("add", "-A")
q.git("commit", "-qm", "one")
stages, last = reproduced(q, "HEAD", "--rerun")
equal({name: stage["result"] for name, stage in stages.items()}, dict.fromkeys("sm", "identical"), "both stages")
equal((q.path(last["folder"]) / "big.bin").read_bytes(), content, "what the pointer stands for")
q.write("mod/in.txt", "changed\n")
stages, last = reproduced(q, "HEAD", "--rerun", exit=1)
equal({name: stage["result"] for name, stage in stages.items()},
      {"s": "identical", "m": "not reproducible"}, "a submodule that has changed")
contains(stages["m"]["reason"], "mod/in.txt is not to be had back; its outs are from the store")
equal([entry["path"] for entry in last["lacking"]], ["mod", "mod/in.txt"], "what is lacking")
contains(last["lacking"][0]["reason"], "submodule")

# A link in the commit that leads out of the folder: nothing is written through it.
(p.base / "elsewhere").mkdir()
q = Project("stages: {s: {cmd: echo made > models/m, outs: [models/m]}, t: {cmd: echo t > t, outs: [t]}}\n",
            base=p.base, name="through")
q.git("init", "-q", "-b", "main")
q.link("models", str(p.base / "elsewhere"))
q.run(ran=2)
q.git("add", "refit.yaml", "refit.lock", "models")
q.git("commit", "-qm", "one")
(p.base / "elsewhere/m").write_text("newer\n")
for words in ([], ["--rerun"]):
    stages, last = reproduced(q, "HEAD", *words, exit=1)
    equal({name: stage["result"] for name, stage in stages.items()}, {"s": "not reproducible", "t": "identical"}, "out")
    contains(stages["s"]["reason"], "models/m leads out of the folder through a link")
    equal((p.base / "elsewhere/m").read_text(), "newer\n", "behind the link")

# Names that no checkout would make: nothing is written beside the folder.
blob, lock, manifest = (p.git("rev-parse", f"HEAD:{name}").strip() for name in ("in.txt", "refit.lock", "refit.yaml"))
for name in ("../evil", "..", ".git", "a/b"):
    entries = sorted([(name, blob), ("refit.lock", lock), ("refit.yaml", manifest)])
    (p.base / "raw-tree").write_bytes(b"".join(f"100644 {entry}".encode() + b"\0" + bytes.fromhex(object)
                                              for entry, object in entries))
    hostile = p.git("hash-object", "-t", "tree", "-w", "--literally", str(p.base / "raw-tree")).strip()
    commit = p.git("commit-tree", "-m", "hostile", hostile).strip()
    contains(p.refit("reproduce", commit, "--into", str(p.base / "hostile/in"), exit=5).stderr, f"called `{name}`")
    expect(not (p.base / "hostile/evil").exists(), "nothing beside the folder")
