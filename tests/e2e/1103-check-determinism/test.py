"""`check-determinism` executes a stage twice from what it declares, tells what differs, and leaves the tree alone."""
from harness import Project, contains, equal, expect

p = Project("""
    stages:
      first: {cmd: echo seen > first.txt, outs: [first.txt]}
      same:
        cmd: cat in.txt first.txt > made/same.txt
        wdir: work
        deps: [in.txt, ../first.txt]
        outs: [made/same.txt]
      random:
        cmd: |
          head -c 100000 /dev/zero > r.bin
          head -c 16 /dev/urandom >> r.bin
        deps: [link.txt]
        outs: [r.bin]
      metrics:
        cmd: |
          echo "{\\"acc\\": 0.5, \\"time\\": \\"$(date +%N)\\"}" > m.json
        metrics: [m.json]
      folder:
        cmd: |
          mkdir d
          echo same > d/a
          date +%N > d/b
        outs: [d]
      hidden: {cmd: cat undeclared.txt > h.txt, outs: [h.txt]}
      release: {kind: deploy, cmd: touch ../released}
""")
p.manifest(p.read("refit.yaml").replace("cat in.txt first.txt > made", "cat in.txt ../first.txt > made"))
p.write("work/in.txt", "in\n")
p.write("undeclared.txt", "undeclared\n")
p.write("target.txt", "target\n")
p.link("link.txt", "target.txt")
p.run("first", ran=1)
before = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}


def check(stage, exit):
    result = p.refit("check-determinism", stage, "--json", exit=exit)
    equal(len(result.of("stage_started")), 2 if stage != "hidden" else 1, "executions")
    last = result.events[-1]
    equal((last["event"], last["stage"]), ("stage_reproduced", stage), "the last line")
    return last


equal(check("same", 0)["result"], "identical", "same")
expect(not p.exists(".refit/determinism/first"), "nothing is left of what is the same")
found = check("random", 1)
equal(found["result"], "different", "random")
contains(found["differences"][0], "r.bin: the first different byte is at offset 1000", "(100016 bytes, 100016 before)")
found = check("metrics", 1)
equal(len(found["differences"]), 1, "values")
contains(found["differences"][0], "m.json: time was ", ", is ")
found = check("folder", 1)
equal(len(found["differences"]), 1, "files")
contains(found["differences"][0], "d/b: the first different byte is at offset ")
found = check("hidden", 1)
equal(found["result"], "not reproducible", "hidden")
contains(found["reason"], "with what it declares alone")
contains(p.refit("check-determinism", "release", exit=2).stderr, "stage `release` is a deploy stage")
contains(p.refit("check-determinism", "relase", exit=2).stderr, "did you mean `release`?")

# What lies beside the project lies beside the copies; a terminal they have none.
(p.base / "side/shared").mkdir(parents=True)
(p.base / "side/below").mkdir()
beside = p.sibling("side/below/project")
(p.base / "side/shared/data.txt").write_text("shared\n")
(p.base / "side/below/params.yaml").write_text("n: 3\n")
beside.manifest("""
    stages:
      up:
        cmd: cat ../../shared/data.txt ../params.yaml here.txt > up.txt
        deps: [../../shared/data.txt, here.txt]
        params: [{../params.yaml: [n]}]
        outs: [up.txt]
      folder: {cmd: ls ../../shared > f.txt, deps: [../../shared], outs: [f.txt]}
      lies: {cmd: cat ../params.yaml > l.txt; cat ../../shared/data.txt, outs: [l.txt], params: [{../params.yaml: [n]}]}
      quiet: {cmd: cat > q.txt; echo said, console: true, outs: [q.txt]}
      asks: {cmd: read answer && echo $answer > a.txt, console: true, outs: [a.txt]}
    """)
beside.write("here.txt", "here\n")
q, p = p, beside
equal(check("up", 0)["result"], "identical", "deps beside the project")
equal(check("folder", 0)["result"], "identical", "a folder beside it")
manifest = p.read("refit.yaml")
p.write("refit.yaml", manifest.replace("[../../shared]", "[../../below]"))
contains(p.refit("check-determinism", "folder", exit=2).stderr, "../../below", "contains the project")
p.write("refit.yaml", manifest)
contains(p.refit("check-determinism", "lies", exit=1).stdout, "with what it declares alone")
equal(sorted(entry.name for entry in (q.base / "side").iterdir()), ["below", "shared"], "beside the project")
equal(check("quiet", 0)["result"], "identical", "a console stage that asks nobody")
contains(p.refit("check-determinism", "asks", exit=1).stdout, "without the terminal that it wants (`console`)")
p = q
after = {name: entry for name, entry in p.snapshot().items() if not name.startswith(b".refit")}
equal(after, before, "the tree")
expect(not (p.base / "released").exists() and not p.exists("released"), "nothing was deployed")
