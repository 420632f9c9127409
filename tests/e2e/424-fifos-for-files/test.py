"""A FIFO where refit wants a file ends in one line; nothing waits for somebody to write to it."""
import os

from harness import equal, expect, Project

p = Project("""\
    stages:
      s:
        cmd: cat params.yaml > out.txt
        params: [n]
        outs: [out.txt]
    """)
p.write("params.yaml", "n: 1\n")
p.write("refit.config.yaml", "jobs: 2\n")
p.run(ran=1)
for name, code in (("refit.yaml", 2), ("params.yaml", 2), (".refitignore", 5), ("refit.lock", 5),
                   ("refit.config.yaml", 5), (".refit/config.yaml", 5), (".refit/lock", 5), (".refit/logs/s.log", 1),
                   (".refit/state/data.mdb", 5), (".refit/store/data.mdb", 5), (".refit/state/lock.mdb", 5)):
    p.refit("run")
    aside = p.path(f"{name}.aside")
    kept = p.exists(name)
    if kept:
        p.path(name).rename(aside)
    os.mkfifo(p.path(name))
    result = p.refit("run", "-B", exit=None)
    equal(result.code, code, f"exit status with a FIFO as {name}")
    expect(name.removesuffix("/data.mdb").removesuffix("/lock.mdb") in result.text, f"what names {name}: {result.text}")
    expect(len(result.stderr.splitlines()) <= 1, f"one line about {name}")
    for reader in ("status", "why", "logs"):
        p.refit(reader, *(["s"] if reader != "status" else []), exit=None)
    p.remove(name)
    if kept:
        aside.rename(p.path(name))
p.run("-B", ran=1)

# What a check reads, too: a table, predictions, a model.
p.write("refit.yaml", """\
expect: {t: {data: t.csv, row_count: {min: 1}}}
gates:
  g:
    model: m
    rows: {candidate: c.csv, baseline: b.csv, key: id, label: y, prediction: p}
    metrics: {accuracy: {better: higher, min: 0.1, max_drop: 0.9}}
stages: {}
""")
for name in ("t.csv", "m", "c.csv", "b.csv"):
    p.write(name, "id,y,p\n1,1,1\n")
for name, kind, check in (("t.csv", "data", "t"), ("m", "model", "g"), ("c.csv", "model", "g"),
                          ("b.csv", "model", "g")):
    text = p.read(name)
    p.remove(name)
    os.mkfifo(p.path(name))
    result = p.refit("check", kind, check, exit=5)
    equal(result.stderr, f"refit: {name} is a FIFO, socket or device, and no file\n", "one line")
    p.remove(name)
    p.write(name, text)
