"""A beginning that several runs share names none of them: one line with the candidates, and nothing is done."""
from harness import contains, equal, maker, set_n

p = maker(10)
p.git("init", "-q", "-b", "main")
for n in range(6):
    set_n(p, n)
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-qm", f"{n}")
runs = p.refit("history", "--names").stdout.split()
year = runs[0][:4]
wanted = f"refit: `{year}` could be 6 runs: {', '.join(runs[:4])} and 2 more; write more of it\n"
before = p.refit("history", "--json").json
for words in (["show", year], ["pin", year], ["pin", "--remove", year], ["forget", "last", year], ["diff", year],
              ["diff", "last", year], ["metrics", "diff", year], ["reproduce", year], ["reproduce", year, "--rerun"]):
    equal(p.refit(*words, exit=2).stderr, wanted, " ".join(words))
equal(p.refit("history", "--json").json, before, "nothing was done")

# Two are both named; one is meant; a revision of that name wins where one will do.
p.refit("forget", *runs[2:])
contains(p.refit("show", year, exit=2).stderr, f"`{year}` could be 2 runs: {runs[0]}, {runs[1]}; write more of it")
p.git("tag", year, "HEAD~1")
equal(p.refit("diff", year, "--json").json["old"]["kind"], "revision", "a tag of that name")
equal(p.refit("reproduce", year, "--json").events[-1]["run"], None, "a tag of that name")
contains(p.refit("show", year, exit=2).stderr, "could be 2 runs")
p.refit("forget", runs[1])
equal(p.refit("show", "--json", year).json["run"], runs[0], "one is left")
