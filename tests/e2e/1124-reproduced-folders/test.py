"""A folder of `reproduce` starts over, or is removed by `gc --reproduced`, only if nobody has changed it since."""
import os
import shutil
import signal

from harness import contains, equal, expect, pipeline

p = pipeline()
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "work/\nmodel.txt\n")
p.run(ran=3)
p.git("add", "-A")
p.git("commit", "-qm", "one")


def reproduce(*words, exit=0):
    return p.refit("reproduce", "--json", *words, exit=exit)


def gc(*words):
    done = p.refit("gc", "--json", *words).json
    return done["reproduced_folders"], done["reproduced_bytes"] > 0, done["removed_folders"]


folder = p.path(".refit/reproduce").joinpath(p.git("rev-parse", "HEAD").strip()[:12])
equal(gc("--reproduced"), (0, False, 0), "none yet")
reproduce("HEAD")
reproduce("HEAD", "--rerun")
equal(gc(), (1, True, 0), "it stays unless it is asked for")
contains(p.refit("gc").stdout, "left alone: ",
         " in 1 folder of .refit/reproduce; --reproduced removes those that nobody has changed anything in")


def refused(*names):
    """Neither starts over nor is removed, and says which file it is."""
    text = f"{names[0]} was" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more were"
    for words in (["HEAD"], ["HEAD", "--rerun"], ["HEAD", "train"]):
        contains(p.refit("reproduce", *words, exit=2).stderr, f"{folder}: {text} changed there since", "--into")
    result = p.refit("gc", "--json", "--reproduced")
    contains(result.stderr, f"{folder}: {text} changed there since; it stays")
    equal(result.json["removed_folders"], 0, "removed")


# A file that was edited, with the size that it had and more; one that was added; a folder; a link; a mode.
before = (folder / "model.txt").read_bytes()
(folder / "model.txt").write_text("mine\n")
refused("model.txt")
(folder / "notes").mkdir()
(folder / "notes/a.txt").write_text("mine\n")
refused("model.txt", "notes", "notes/a.txt")
equal([(folder / name).read_text() for name in ("model.txt", "notes/a.txt")], ["mine\n", "mine\n"], "they are there")
os.remove(folder / "notes/a.txt")
os.rmdir(folder / "notes")
os.remove(folder / "model.txt")
reproduce("HEAD")  # what was removed is nobody's
equal((folder / "model.txt").read_bytes(), before, "had back")
os.symlink("model.txt", folder / "work/mine")
refused("work/mine")
os.remove(folder / "work/mine")
stat = (folder / "model.txt").stat()
(folder / "model.txt").write_bytes(before[::-1])
refused("model.txt")
os.remove(folder / "model.txt")
reproduce("HEAD")

def rescued():
    return sorted(str(path.relative_to(folder)) for path in (folder / ".refit/rescue").rglob("*"))


# What a run there makes is the user's, and so is what it rescues.
(folder / "params.yaml").write_text((folder / "params.yaml").read_text().replace("lr: 0.1", "lr: 0.7"))
p.refit("run", cwd=folder)
refused("metrics.json", "model.txt", "params.yaml", "refit.lock", *rescued())
for name in ("params.yaml", "model.txt", "metrics.json", "refit.lock"):
    os.remove(folder / name)
expect(list((folder / ".refit/rescue").iterdir()), "rescued")
refused(*rescued())
p.write(".refit/reproduce/README", "mine\n")
shutil.rmtree(folder / ".refit/rescue")
reproduce("HEAD")

# Removed when it is asked for, unless it is a dry run.
p.git("commit", "-q", "--allow-empty", "-m", "again")
reproduce("HEAD")
equal(gc("-n", "--reproduced"), (2, True, 0), "a dry run")
contains(p.refit("gc", "-n", "--reproduced").stdout, "would be removed: ", " in 2 folders of .refit/reproduce")
expect(folder.exists(), "nothing is removed")
contains(p.refit("gc", "--reproduced").stdout, "removed: ", " in 2 folders of .refit/reproduce")
expect(not folder.exists(), "it is gone")
equal(gc(), (0, False, 0), "none is left")

# A folder of one's own is never removed by gc, and is not started over either once something in it was changed.
reproduce("HEAD", "--into", "old")
equal(gc("--reproduced"), (0, False, 0), "not of .refit/reproduce")
p.write("old/model.txt", "mine\n")
contains(p.refit("reproduce", "HEAD", "--into", "old", exit=2).stderr, "old: model.txt was changed there since")
equal(p.read("old/model.txt"), "mine\n", "it is there")
p.write(".refit/reproduce/mine/a.txt", "mine\n")
equal(gc("--reproduced"), (0, False, 0), "what reproduce did not make")
expect(p.exists(".refit/reproduce/mine/a.txt"), "is there")

# One that is being filled, and one whose reproduce was killed.
p.write("train.sh", p.read("train.sh") + f"touch {p.root}/began; while [ ! -e {p.root}/go ]; do sleep 0.02; done\n")
p.write("go")
p.run(fresh=2, ran=1)
p.git("add", "-A")
p.git("commit", "-qm", "two")
p.remove("go", "began")
busy = p.start("reproduce", "HEAD", "--rerun")
p.wait_for("began")
folder = p.path(".refit/reproduce").joinpath(p.git("rev-parse", "HEAD").strip()[:12])
result = p.refit("gc", "--json", "--reproduced")
contains(result.stderr, f"{folder}: a run is at work there")
equal(result.json["removed_folders"], 0, "in use")
os.kill(busy.process.pid, signal.SIGKILL)
busy.wait(exit=None)
p.write("go")
(folder / "mine.txt").write_text("mine\n")
for _ in range(2):
    result = p.refit("gc", "--json", "--reproduced")
    equal(result.json["removed_folders"], 0, "one that was killed")
expect((folder / "mine.txt").exists(), "what may be the user's")
reproduce("HEAD", "--rerun")
equal(gc("--reproduced"), (1, True, 1), "finished")
