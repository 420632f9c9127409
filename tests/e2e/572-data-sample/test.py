"""data.sample takes so many rows, in their order, and the same ones as long as they are there."""
from harness import equal, expect, Project

p = Project("""\
    stages:
      sample:
        use: data.sample
        with: {data: all.csv, out: work/some.csv, rows: 50, key: id}
    """)


def sample(ids, **counts):
    p.write("all.csv", "id,text\n" + "".join(f'{n},"a\n{n}"\n' for n in ids))
    p.run(**counts)
    text = p.read("work/some.csv")
    expect(text.startswith("id,text\n"), "the line of names")
    taken = [int(line.split(",")[0]) for line in text.splitlines()[1::2]]
    equal(text, "id,text\n" + "".join(f'{n},"a\n{n}"\n' for n in taken), "rows as they were")
    return taken


first = sample(range(1000), ran=1)
equal((len(first), first), (50, sorted(first)), "rows, in their order")
equal(sample(range(1000), fresh=1), first, "the same again")
more = sample(range(1100), ran=1)
equal((len(more), set(more) - set(first) <= set(range(1000, 1100))), (50, True), "only new rows displace others")
equal(sample(reversed(range(1000)), ran=1), first[::-1], "in another order")
equal(sample(range(20), ran=1), list(range(20)), "all that there are")
p.replace("refit.yaml", "rows: 50", "rows: 50, seed: 1")
expect(sample(range(1000), ran=1) != first, "another seed, another sample")
