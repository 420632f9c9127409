"""data.split divides a table by the keys of its rows: byte for byte, in proportion, and new rows move no others."""
import json

from harness import contains, equal, expect, Project

HEADER = "customer,name,n\r\n"


def row(n):
    """Three rows for each customer; names with line breaks, quotes and no UTF-8."""
    return f'{n // 3},"a ""b"",\n{n}",{n}\r\n'.encode() if n % 7 else b'%d,"\xff\xfe",%d\r\n' % (n // 3, n)


def project(data, name="all.csv", **arguments):
    words = "".join(f", {key}: {json.dumps(value)}" for key, value in arguments.items())
    p = Project(f"stages:\n  split:\n    use: data.split\n"
                f"    with: {{data: {name}, train: work/train, test: work/test{words}}}\n")
    p.write(name, data)
    return p


def parts(p, header):
    train, test = p.bytes("work/train"), p.bytes("work/test")
    expect(train.startswith(header) and test.startswith(header), "both have the line of names")
    return train[len(header):], test[len(header):]


def customers(text):
    return {int(part.split(b",")[0]) for part in text.split(b"\r\n") if part}


rows = [row(n) for n in range(3000)]
p = project(HEADER.encode() + b"".join(rows), key="customer", fraction=0.25)
p.run(ran=1)
p.run(fresh=1)
train, test = parts(p, HEADER.encode())
equal(sorted(each for each in rows if each in train) + sorted(each for each in rows if each in test),
      sorted(each for each in rows if each in train) + sorted(set(rows) - {each for each in rows if each in train}),
      "each row is in one of the two, as it was")
equal(len(train) + len(test), sum(map(len, rows)), "bytes")
expect(200 <= len(customers(test)) <= 300, f"a quarter of 1000 customers, not {len(customers(test))}")
equal(customers(train) & customers(test), set(), "customers in both")

# Other rows, in another order, with another one first: each customer stays where it was.
p.write("all.csv", HEADER.encode() + b"".join(reversed(rows[:600])) + b"5000,new,1")
p.run(ran=1)
again = parts(p, HEADER.encode())
equal(customers(again[1]) - {5000}, {each for each in customers(test) if each < 200}, "customers in the new test set")
expect((again[0] + again[1]).count(b"5000,new,1\n") == 1, "the last line has an end of its own")

# Another seed is another division; all and nothing.
p.replace("refit.yaml", "fraction: 0.25", "fraction: 0.25, seed: 1")
p.run(ran=1)
expect(customers(parts(p, HEADER.encode())[1]) != customers(again[1]), "another seed, another division")
p.replace("refit.yaml", "fraction: 0.25", "fraction: 1")
p.run(ran=1)
equal(p.bytes("work/train"), HEADER.encode(), "what is left")
p.replace("refit.yaml", "fraction: 1", "fraction: 1.5")
p.run(failed=1, exit=1)

# Other kinds.
lines = b"".join(b"line %d\n" % n for n in range(1000))
p = project(lines, "all.txt")
p.run(ran=1)
train, test = parts(p, b"")
equal(sorted((train + test).splitlines()), sorted(lines.splitlines()), "lines")
expect(150 <= len(test.splitlines()) <= 250, "a fifth of the lines")
p = project("".join(json.dumps({"id": n % 10, "n": n}) + "\n" for n in range(200)), "all.jsonl", key="id", fraction=0.5)
p.run(ran=1)
sides = [{json.loads(line)["id"] for line in part.splitlines()} for part in parts(p, b"")]
equal((sides[0] & sides[1], sides[0] | sides[1]), (set(), set(range(10))), "keys")
p = project("a\tb\n1\t2\n3\t4\n", "all.dat", format="tsv", key="b", fraction=0)
p.run(ran=1)
equal((p.read("work/train"), p.read("work/test")), ("a\tb\n1\t2\n3\t4\n", "a\tb\n"), "with tabs")
p = project("a,b\n1,2\n", key="c")
p.run(failed=1, exit=1)
contains(p.refit("logs", "split").stdout, "there is no column 'c' among ['a', 'b']")
