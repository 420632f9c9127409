"""A refit.lock in another order says the same, and is put in order; one that names something twice is refused."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
lock = p.read("refit.lock")
head, rest = lock.split("stages:\n")
blocks = []
for line in rest.splitlines(True):
    if line.startswith("  ") and line[2] != " ":
        blocks.append([line])
    else:
        blocks[-1].append(line)
equal(len(blocks), 3, "stages")


def groups(block):
    """The fields of a stage: lines with four blanks, each with what is below it."""
    found = []
    for line in block[1:]:
        if line[4] != " ":
            found.append([line])
        else:
            found[-1].append(line)
    return found


def turned(group):
    return [group[0], *group[:0:-1]]


unsorted = head + "stages:\n" + "".join(
    "".join([block[0], *("".join(turned(group)) for group in reversed(groups(block)))]) for block in reversed(blocks))
p.write("refit.lock", unsorted)
p.run(fresh=3)
equal(p.read("refit.lock"), lock, "refit.lock")
p.write("refit.lock", unsorted)
p.remove(".refit/state", "model.txt")
equal(p.why("train")[1], {}, "what changed since, as the lock has it")
p.refit("restore")
p.run(fresh=3)
equal(p.read("refit.lock"), lock, "refit.lock without a state")

# Twice: a stage, a field, a name in a group.
first = "".join(blocks[0])
group = next(group for group in groups(blocks[0]) if group[0].strip() == "deps:")
for text in (lock + first, lock.replace(first, first + "".join(group)),
             lock.replace("".join(group), "".join(group) + group[1])):
    p.write("refit.lock", text)
    result = p.refit("run", "-B", exit=2)
    contains(result.stderr, "refit.lock:", "twice")
    equal(len(result.stderr.splitlines()), 1, "lines")
    equal(p.read("refit.lock"), text, "it is left as it is")
p.write("refit.lock", lock)
p.run(fresh=3)
