"""What a run calls fresh can be restored later, although gc took its record while no refit.lock named it, or the store
is another one: the run puts it there again from what is on disk, once, and executes nothing."""
import shutil

from harness import Project, contains, equal, expect

p = Project("""\
    stages:
      one:
        cmd: cp in.txt out.txt; mkdir -p folder/empty; cp in.txt folder/a; ln -s a folder/b; echo ran >> count.txt
        deps: [in.txt]
        outs: [out.txt, folder, {big.txt: {cache: false}}]
      two: {cmd: "cat out.txt folder/a > two.txt; echo ran >> count.txt", deps: [out.txt, folder], outs: [two.txt]}
    """.replace("ln -s a folder/b;", "ln -s a folder/b; echo big > big.txt;"))
p.write("in.txt", "1\n")
p.run(ran=2)
STATE = ".refit/state/data.mdb"


def restores():
    kept = {name: p.bytes(name) for name in ("out.txt", "folder/a", "two.txt")}
    p.remove("out.txt", "folder", "two.txt")
    p.refit("restore")
    equal({name: p.bytes(name) for name in kept}, kept, "what came back")


def settles(executions=2):
    """One more run finds all as it is, and writes nothing."""
    p.run(fresh=2)
    before = p.bytes(STATE)
    p.run(fresh=2)
    equal(p.bytes(STATE) == before, True, "the state of a run that found all fresh")
    equal(p.read("count.txt").count("ran"), executions, "executions")


def collect(taken, of):
    """Another branch is checked out, which does not know these stages, while gc is at work. What is on disk stays."""
    here = p.read("refit.yaml"), p.read("refit.lock")
    p.write("refit.yaml", "stages: {other: {cmd: date > date.txt, outs: [date.txt]}}\n")
    p.refit("run")
    contains(p.refit("gc", "--budget", "1K").stdout, f"dropped {taken} of {of} records")
    for name, text in zip(("refit.yaml", "refit.lock"), here):
        p.write(name, text)


collect(2, 3)
p.run(fresh=2)
p.refit("store", "export", "cache.refit")
restores()
settles()

# Another store, which is empty; and one in a folder where the data was taken away.
p.write(".refit/config.yaml", "store: {path: other}\n")
p.run(fresh=2)
restores()
settles()
p.remove("other/data.mdb")
p.run(fresh=2)
restores()
settles()

# A copy of the store that was made before the last results takes its place.
shutil.copytree(p.path("other"), p.path("backup"))
p.write("in.txt", "2\n")
p.run(ran=2)
shutil.rmtree(p.path("other"))
p.path("backup").rename(p.path("other"))
p.run(fresh=2)
restores()
settles(4)
p.write("in.txt", "1\n")
p.run(restored=2)

# One chunk was damaged, and taken out: it is put back as well.
store = p.path("other/data.mdb")
data = store.read_bytes()
at = data.find(p.bytes("two.txt"))
expect(at > 0, "the bytes of two.txt in the store")
store.write_bytes(data[:at] + b"X" + data[at + 1:])
contains(p.refit("verify", "--repair", exit=None).text, "taken out")
p.run(fresh=2)
restores()
settles(4)

# What was edited meanwhile is not what was made, and what gc took of it is executed again.
collect(4, 5)
p.write("two.txt", "edited\n")
result = p.refit("run", "--json")
equal(result.states, {"one": "fresh", "two": "ran"}, "an out that was edited")

# Where the epoch cannot be written, nothing is taken: a run could not know that it has to look again.
p.refit("run")
p.remove("other/epoch")
p.path("other/epoch").mkdir()
before = p.refit("store", "stats", "--json").json["records"]
contains(p.refit("gc", "--budget", "0", exit=5).stderr, "other", "Is a directory")
equal(p.refit("store", "stats", "--json").json["records"], before, "records after a gc that failed")
p.run(fresh=2)
restores()
