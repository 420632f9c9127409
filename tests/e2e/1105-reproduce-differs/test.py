"""`reproduce --rerun` says of each stage what differs and why; deploys are passed over; what gc took is named."""
from harness import Project, contains, equal, expect

p = Project("""
    stages:
      data: {cmd: cat raw.txt > data.txt, deps: [raw.txt], outs: [data.txt]}
      train:
        cmd: |
          cat data.txt > model.bin
          date +%N >> model.bin
        deps: [data.txt]
        outs: [model.bin]
      score:
        cmd: |
          printf '{"n": %s, "f1": 0.5}' "$(tr -dc 0-9 < model.bin | sed 's/^0*//')" > m.json
        deps: [model.bin]
        metrics: [m.json]
      fails: {cmd: test ! -e broken && touch f.txt, outs: [f.txt]}
      after: {cmd: cat f.txt > g.txt, deps: [f.txt], outs: [g.txt]}
      none: {cmd: "true", deps: [raw.txt]}
      release: {kind: deploy, cmd: touch released, deps: [model.bin]}
""")
p.git("init", "-q", "-b", "main")
p.write(".gitignore", "/*.bin\n/[dfg]*.txt\nm.json\n")
p.write("raw.txt", "raw\n")
p.run(ran=6)
p.write("broken", "as the commit has it\n")
p.git("add", "-A")
p.git("commit", "-qm", "one")


def reproduced(*words, exit=1):
    result = p.refit("reproduce", "HEAD", *words, "--json", exit=exit)
    return {e["stage"]: e for e in result.of("stage_reproduced")}, result


stages, _ = reproduced(exit=0)
equal({name: stage["result"] for name, stage in stages.items()},
      dict.fromkeys(["data", "train", "score", "fails", "after", "none"], "identical"), "from the store")
stages, result = reproduced("--rerun")
equal({name: stage["result"] for name, stage in stages.items()},
      {"data": "identical", "train": "different", "score": "different", "fails": "not reproducible",
       "after": "not reproducible", "none": "identical"}, "executed again")
contains(stages["train"]["differences"][0], "model.bin: the first different byte is at offset ")
contains(stages["score"]["differences"][0], "m.json: n was ", ", is ")
contains(stages["score"]["differences"][1], "built from something else: dep model.bin changed")
equal(len(stages["score"]["differences"]), 2, "what is the same is not said")
contains(stages["fails"]["reason"], "it did not end well there; see ", "logs/fails.log")
contains(stages["none"]["reason"], "it has no outs")
stages, result = reproduced("--rerun", "release", "data")
equal(stages["release"]["result"], "passed over", "a deploy that was named")
expect(not p.exists("released") and not p.path(result.events[-1]["folder"]).joinpath("released").exists(), "no deploy")
text = p.refit("reproduce", "HEAD", "--rerun", "data", "train", exit=1).stdout
contains(text, "data", "identical", "train", "different", "1 identical, 1 different, 0 not reproducible")

# What gc took.
lock = p.bytes("refit.lock")
p.write("raw.txt", "another\n")
p.remove("broken")
p.run(ran=4, fresh=2)
p.git("add", "-A")
p.git("commit", "-qm", "two")
p.refit("gc", "--budget", "0")
result = p.refit("reproduce", "HEAD~1", "data", exit=1)
contains(result.stdout, "data", "not reproducible",
         "the store does not have data.txt of HEAD~1; `--rerun` makes it again")
result = p.refit("reproduce", "HEAD~1", "data", "--rerun")
contains(result.stdout, "data", "identical")

# A stage that refit.lock does not know; a broken refit.lock.
p.write("refit.yaml", p.read("refit.yaml") + "  new: {cmd: 'true'}\n")
p.git("commit", "-qam", "three")
contains(p.refit("reproduce", "HEAD", "new", exit=1).stdout, "refit.lock of that commit does not have it")
p.write("refit.lock", lock[:200])
p.git("commit", "-qam", "four")
contains(p.refit("reproduce", "HEAD", exit=2).stderr, "in HEAD: ")
