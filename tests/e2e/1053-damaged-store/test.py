"""A damaged page of the store or the state, or a file cut short, ends in a clear line and exit 5, or does not matter:
never in a crash, a hang or a wrong out. Removing the store, as the line says, helps; the state helps itself.

REFIT_DAMAGE=FROM-TO takes these rounds instead of the first."""
import atexit
import os
import random
import shutil
import tempfile

from harness import contains, equal, expect, Project, remove_all

PAGE = 4096
STAGES = 25
FIRST, LAST = map(int, os.environ.get("REFIT_DAMAGE", "0-79").split("-"))  # rounds for each of the two

base = tempfile.mkdtemp(prefix="refit-e2e-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)  # no syncing
atexit.register(remove_all, base)
p = Project(base=base, manifest="stages:\n" + "".join(f"""\
  s{i}:
    cmd: cat in.txt > o{i}.txt; echo {i} >> o{i}.txt
    deps: [in.txt]
    outs: [o{i}.txt]
""" for i in range(STAGES)) + """\
  large:
    cmd: cp noise.bin large.bin
    deps: [noise.bin]
    outs: [large.bin]
  folder:
    cmd: mkdir folder; for i in $(seq 40); do echo $i > folder/$i; done
    outs: [folder]
""")
noise = random.Random(7).randbytes(600_000)
p.write("noise.bin", noise)
for text in ("one\n", "two\n"):
    p.write("in.txt", text)
    p.run(ran=STAGES + 2 if text == "one\n" else STAGES, fresh=0 if text == "one\n" else 2)
# The sanitizers look over the shoulder of LMDB too, where a damaged page leads it astray.
p.environment["ASAN_OPTIONS"] += ":replace_intrin=0"
good = p.base / "good"
shutil.copytree(p.root, good, symlinks=True)


def number_at(data, at):
    return int.from_bytes(data[at:at + 2], "little")


def damage_node(data, page, rng):
    """Where a key of this page is, or what its header says: sizes and flags."""
    count = (number_at(data, page + 12) - 16) // 2
    if not 0 < count < PAGE // 2:
        return
    place = page + 16 + 2 * rng.randrange(count)
    header = page + number_at(data, place)
    at = place + rng.randrange(2) if rng.random() < 0.3 else header + rng.randrange(8)
    if at < len(data):
        data[at] = rng.choice((rng.randrange(256), data[at] ^ 1 << rng.randrange(8), rng.randrange(16)))


def damage(data, rng):
    """Bits, words, nodes, pages, or the end; more often where LMDB keeps its structure than where it keeps ours."""
    pages = [number_at(data, at + 10) for at in range(0, len(data), PAGE)]
    structure = [number for number, flags in enumerate(pages) if flags in (1, 2, 8)]
    page = PAGE * rng.choice(structure if rng.random() < 0.8 else range(len(pages)))
    at = page + rng.choice((rng.randrange(16), rng.randrange(16, 200), rng.randrange(PAGE)))
    kind = rng.choice(("bit", "bit", "zeros", "ones", "page", "other", "node", "node", "short"))
    if kind == "bit":
        data[at] ^= 1 << rng.randrange(8)
    elif kind == "node":
        damage_node(data, page, rng)
    elif kind == "other":  # a write that went to the wrong place
        source = PAGE * rng.randrange(len(pages))
        data[page:page + PAGE] = data[source:source + PAGE]
    elif kind == "page":
        data[page:page + PAGE] = rng.randbytes(PAGE)
    elif kind == "short":
        del data[rng.choice((rng.randrange(PAGE), rng.randrange(len(data)), at)):]
    else:
        data[at:at + 8] = bytes(8) if kind == "zeros" else b"\xff" * 8
    return data


def check_outs():
    text = p.read("in.txt")
    for i in range(STAGES):
        equal(p.read(f"o{i}.txt"), f"{text}{i}\n", f"o{i}.txt")
    expect(p.bytes("large.bin") == noise, "large.bin")
    equal(sorted(os.listdir(p.path("folder")), key=int), [str(i) for i in range(1, 41)], "folder")


def restart():
    for name in os.listdir(p.root):
        p.remove(name)
    shutil.copytree(good, p.root, symlinks=True, dirs_exist_ok=True)


p.refit("store", "export", "../kept.refit", "--all")
commands = (["verify"], ["verify", "--repair"], ["status"], ["why", "s1"], ["store", "stats"], ["run", "-B"],
            ["restore"], ["store", "export", "all.refit", "--all"], ["store", "import", "../kept.refit"],
            ["gc"], ["gc", "--budget", "100K"], ["gc", "--dry-run"])
for what in ("store", "state"):
    file = f".refit/{what}/data.mdb"
    for number in range(FIRST, LAST + 1):
        rng = random.Random(number)
        restart()
        p.write(file, bytes(damage(bytearray(p.bytes(file)), rng)))
        if rng.random() < 0.7:
            p.remove("o3.txt", "o17.txt", "large.bin", "folder")
        if rng.random() < 0.5:
            p.write("in.txt", rng.choice(("one\n", "three\n")))
        for arguments in (rng.choice(commands), ["run"]):
            result = p.refit(*arguments, exit=None)
            expect(result.code in (0, 5), f"round {number} of the {what}: exit {result.code} of {arguments}")
            if result.code == 5:
                expect(result.text.count("\n") > 0, f"round {number} of the {what}: a word")
            elif arguments == ["run"]:
                check_outs()
        if result.code == 5 and what == "state":
            p.refit("run")  # it was put aside
            check_outs()
        elif result.code == 5:
            p.remove(".refit/store")
            p.refit("run")
            check_outs()

# A state that cannot even be opened is replaced at once, and that is said.
restart()
p.write(".refit/state/data.mdb", b"no pages of LMDB " * PAGE)
equal(p.verdicts()["s1"], "fresh", "status")
contains(p.run(fresh=STAGES + 2).warnings[0], "the workspace state was damaged")
expect(p.exists(".refit/state/damaged.mdb"), "it is kept for who wants to look")
equal(p.run(fresh=STAGES + 2).warnings, [], "warnings of the next run")
# The store that ends within its pages is told apart from one that is sound.
restart()
p.write(".refit/store/data.mdb", p.bytes(".refit/store/data.mdb")[:3 * PAGE])
p.remove("o3.txt")
contains(p.refit("run", exit=5).stderr, "the store in .refit/store is damaged", "move the folder away, or remove it")
# A size of pages that nothing can be divided by: LMDB does so when it opens the file.
for what, noun in (("store", "store"), ("state", "workspace state")):
    restart()
    data = bytearray(p.bytes(f".refit/{what}/data.mdb"))
    for at in (0, PAGE):
        data[at + 40:at + 44] = bytes(4)
    p.write(f".refit/{what}/data.mdb", bytes(data))
    contains(p.refit("run", "-B", exit=5).stderr, f"the {noun} in .refit/{what}", "is damaged", "run again")
# How many pages a value has is asked before they are given away: others use them, or there are no such pages.
restart()
data = bytearray(p.bytes(".refit/store/data.mdb"))
for at in range(2 * PAGE, len(data), PAGE):
    if number_at(data, at + 10) == 4:
        data[at + 12:at + 16] = b"\xff\xff\xff\x7f"
        data[at + 100] ^= 1  # so that it is dropped
p.write(".refit/store/data.mdb", bytes(data))
contains(p.refit("verify", "--repair", exit=5).stderr, "the store in .refit/store is damaged")
