"""A store of another format is refused by name and left alone; a state of another format is begun anew."""
from harness import contains, equal, expect, Project

p = Project("""\
    stages:
      a:
        cmd: cp in.txt a.txt; echo x >> count
        deps: [in.txt]
        outs: [a.txt]
    """)
p.write("in.txt", "one\n")
p.run(ran=1)
STORE, STATE = ".refit/store/data.mdb", ".refit/state/data.mdb"


def set_format(file, name, number):
    """The value follows its key in LMDB's page."""
    data, name = p.bytes(file), name.encode()
    parts = data.split(name)
    expect(len(parts) > 1, f"{file} has its format")
    p.write(file, name.join([parts[0]] + [number.to_bytes(4, "little") + part[4:] for part in parts[1:]]))


for number in (0, 1, 3, 4_000_000_000):  # older and newer
    set_format(STORE, "store-format", number)
    before = p.bytes(STORE)
    p.remove("a.txt")
    for arguments in (["run"], ["restore"], ["status"], ["why", "a"], ["verify"], ["verify", "--repair"], ["gc"],
                      ["store", "stats"], ["store", "export", "all.refit", "--all"], ["run", "-B"]):
        result = p.refit(*arguments, exit=5)
        contains(result.stderr, f"the store in .refit/store has format {number} and this refit reads format",
                 "REFIT_STORE")
        expect(not p.exists("a.txt") and not p.exists("all.refit"), "nothing is made")
    expect(p.bytes(STORE) == before, "the store is as it was")
    set_format(STORE, "store-format", 2)
    p.run(restored=1)

for number in (0, 1, 3):
    set_format(STATE, "state-format", number)
    equal(p.verdicts(), {"a": "fresh"}, "a reader does without")
    p.run(fresh=1)  # the store knows it
    data = p.bytes(STATE)
    expect(b"state-format\x02\0\0\0" in data, "it has our format now")
    p.run(fresh=1)
equal(p.read("count"), "x\n", "executions")
