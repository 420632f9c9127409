"""A file that is cut short, damaged or no export at all is refused with a clear error, and adds no record."""
from harness import contains, equal, pipeline

p = pipeline()
p.run(ran=3)
p.refit("store", "export", "whole")
data = p.bytes("whole")
b = pipeline(p.sibling("b"))
cases = {
    "cut": (data[:-1], "cut is cut short"),
    "half": (data[:len(data) // 2], "half is cut short"),
    "bent": (data[:100] + bytes([data[100] ^ 1]) + data[101:], "bent is damaged at byte"),
    "end": (data[:-1] + bytes([data[-1] ^ 1]), "does not match the digest at its end"),
    "more": (data + b"x", "more follows its end"),
    "text": (b"# just some text, long enough to be looked at\n", "no file that `refit store export` wrote"),
    "empty": (b"", "no file that `refit store export` wrote"),
}
for name, (content, message) in cases.items():
    b.write(name, content)
    contains(b.refit("store", "import", name, exit=5).stderr, message)
    equal(b.store_stats()["records"], 0, f"records after {name}")
    equal(b.refit("verify", "--json").events[-1]["faults"], 0, f"faults after {name}")
b.run(ran=3)
