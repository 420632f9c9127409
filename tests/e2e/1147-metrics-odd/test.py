"""Metrics as programs write them: what Python calls NaN, values of other types, empty, large, binary and no files."""
from harness import contains, equal, Project

p = Project("""\
    stages:
      s:
        cmd: rm -rf m.json m.txt; cp -r in.json m.json; cp in.txt m.txt
        deps: [in.json, in.txt]
        metrics: [m.json, m.txt]
    """)
p.git("init", "-q", "-b", "main")
p.write(".gitignore", ".refit/\nm.*\n")


def build(name, json, text):
    if p.exists("in.json"):
        p.remove("in.json")
    json(p) if callable(json) else p.write("in.json", json)
    p.write("in.txt", text)
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-q", "-m", name)
    p.git("tag", name)


def differences(*sides):
    document = p.refit("metrics", "diff", *sides, "--json").json
    return {(m["path"], m["name"]): (m["old"], m["new"], m["change"]) if not m["fault"] else m["fault"]
            for m in document["metrics"]}


build("base", '{"loss": 0.5, "best": 1, "name": "a \\\\\\"NaN\\" b"}\n', "1\n")
build("nan", '{"loss": NaN, "best": -Infinity, "worst": [1, Infinity], "name": "a \\\\\\"NaN\\" b"}\n', "nan\n")
build("types", '{"loss": "NaN", "best": "1", "name": null}', "true\n")
build("empty", "", "")
build("large", '{"a": 1}' + " " * (1 << 20), "1\n" * (1 << 20))
build("binary", b"\x00\xff", b"\xff\xfe\n")
build("folder", lambda p: p.write("in.json/x", "1\n"), "1\n")
build("broken", '{"a": NaN, "b": }', "1\n")

# What json.dump writes of NaN and infinities is read, in files that are JSON otherwise; inside strings it is text.
equal(differences("base", "nan"), {("m.json", "loss"): (0.5, ".nan", None), ("m.json", "best"): (1, "-.inf", None),
                                   ("m.json", "worst"): (None, "[1,.inf]", None),
                                   ("m.txt", "value"): ("1", "nan", None)}, "NaN")
contains(p.refit("metrics", "diff", "base", "nan").stdout, "best   1 → -.inf", "loss   0.5 → .nan")
contains(differences("base", "broken")["m.json", ""], "that of broken cannot be read: ")
contains(p.refit("metrics", exit=2).stderr, "m.json:1:")

# A number and the same as text are told apart, and so is nothing from an empty line.
equal(differences("base", "types")["m.json", "best"], (1, "1", None), "types")
contains(p.refit("metrics", "diff", "base", "types").stdout, 'best   1 → "1"\n')
contains(p.refit("metrics", "diff", "base", "empty").stdout, 'value', '1 → ""\n')

# Each in a line, and the others all the same.
contains(differences("base", "empty")["m.json", ""], "that of empty cannot be read: this is not JSON")
found = differences("base", "large")
contains(found["m.json", ""], "that of large has 1048584 bytes, and metrics have at most 1048576")
contains(found["m.txt", ""], "that of large has 2097152 bytes")
found = differences("base", "binary")
contains(found["m.json", ""], "that of binary cannot be read")
equal(found["m.txt", "value"][0], "1", "a first line of bytes")
contains(differences("base", "folder")["m.json", ""], "that of folder is no file")
equal(p.refit("metrics", "diff", "binary", "folder").stdout.count("\n"), 2, "lines")
