"""What a killed run left is remembered until a run acts on it, however those between end."""
import os
import signal

from harness import equal, Project

MANIFEST = """\
    stages:
      slow:
        cmd: echo half > slow.txt; touch begun; until [ -e go ]; do sleep 0.02; done; cp in.txt slow.txt
        deps: [in.txt]
        params: [lr]
        outs: [slow.txt]
      other:
        cmd: touch begun; until [ -e go ]; do sleep 0.02; done; echo other > other.txt
        outs: [other.txt]
    """
p = Project(MANIFEST)
manifest = p.read("refit.yaml")
p.write("in.txt", "one\n")
p.write("params.yaml", "lr: 1\n")
p.write("go")
p.run(ran=2)
p.remove("go")


def kill_one(stage, n):
    p.remove("begun")
    p.write("params.yaml", f"lr: {n}\n")
    run = p.start("run", "-B", stage)
    p.wait_for("begun")
    run.signal(signal.SIGKILL)
    run.wait(exit=-signal.SIGKILL)


def check(n):
    """Its out was an attempt's: it is no work of the user, and comes out of the way."""
    equal(p.read("slow.txt"), "half\n", "the out of the run that was killed")
    run = p.start("run", "--json", "slow")
    p.wait_for(".refit/attempts/slow/slow.txt")
    p.write("go")
    result = run.wait()
    equal(result.states, {"slow": "ran"}, "states")
    rescued = [note for note in result.notes if not note.startswith("ended what an earlier run had left running: ")]
    equal((rescued, p.exists(".refit/rescue")), ([], False), "what was rescued")
    equal(p.read(".refit/attempts/slow/slow.txt"), "half\n", "what is kept of the attempt")
    p.remove(".refit/attempts", "go")


def nothing():
    pass


def faulty_manifest():
    p.write("refit.yaml", manifest + "nonsense")
    p.refit("run", exit=2)
    p.write("refit.yaml", manifest)


def missing_params():
    p.remove("params.yaml")
    p.refit("run", exit=2)


def unknown_target():
    p.refit("run", "slwo", exit=2)


def conflict():
    lock = p.bytes("refit.lock")
    p.write("refit.lock", b"<<<<<<< ours\n" + lock)
    p.refit("run", exit=2)
    p.write("refit.lock", lock)


def too_much():
    p.write("refit.yaml", manifest.replace("outs: [other.txt]", "outs: [other.txt]\n    resources: {gpus: 99}"))
    p.refit("run", exit=2)
    p.write("refit.yaml", manifest)


def restored():
    p.refit("restore", "other")


def accepted():
    p.refit("accept", "slow", exit=2)


def another_stage():
    p.write("refit.yaml", manifest.replace("slow:", "slower:"))
    p.run("other", fresh=1)
    p.write("refit.yaml", manifest)


def killed_again():
    kill_one("other", n)


for n, between in enumerate((nothing, faulty_manifest, missing_params, unknown_target, conflict, too_much, restored,
                             accepted, another_stage, killed_again), start=2):
    try:
        kill_one("slow", n)
        between()
        p.write("params.yaml", f"lr: {n}\n")
        check(n)
    except AssertionError as error:
        raise AssertionError(f"{between.__name__}: {error}") from error
equal(os.path.getsize(p.path(".refit/lock")), 0, "bytes of .refit/lock where nothing was left")
