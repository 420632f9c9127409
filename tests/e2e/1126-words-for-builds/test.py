"""Words that name no build end in one short line and exit 2; a run that is named twice is forgotten once."""
from harness import contains, equal, expect, maker, set_n

p = maker(10)
p.git("init", "-q", "-b", "main")
for n in range(3):
    set_n(p, n)
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-qm", f"{n}")
commands = [["show"], ["pin"], ["forget"], ["diff"], ["diff", "last"], ["metrics", "diff"], ["metrics", "diff", "last"],
            ["reproduce"], ["history", "--rev"], ["restore", "--from"]]
for word in ("", " ", "\n", "last-", "last--1", "last-99999999999999999999", "HEAD^{tree}", "HEAD:refit.yaml",
             ":refit.yaml", ":0:refit.yaml", "@{u}", "HEAD..HEAD~1", "%s%n", "a\x1b[31m", "9" * 100_000):
    for command in commands:
        result = p.refit(*command, word, exit=2)
        expect(result.stdout == "" and result.stderr.count("\n") == 1 and len(result.stderr) < 1000,
               f"one short line: {result.stderr[:2000]!r}")
        expect("\x1b" not in result.stderr, "nothing that a terminal obeys")
contains(p.refit("diff", ":refit.yaml", exit=2).stderr, "the revision `:refit.yaml` is no commit")
contains(p.refit("diff", "", exit=2).stderr, "an empty word names no build")
equal(p.refit("diff", "HEAD", ".").stdout, "nothing differs\n", "the workspace has a name")

# Nothing that is like that is said, too, but not to programs.
equal(p.refit("history", "--stage", "nosuch").stdout, "no run is like that\n", "a stage that never did anything")
equal(p.refit("history", "--stage", "nosuch", "--names").stdout, "", "names")
equal(p.refit("history", "--until", "2001-01-01", "--json").json, {"runs": []}, "for a program")

runs = p.refit("history", "--names").stdout.split()
p.refit("pin", runs[1])
equal(p.refit("forget", runs[1], "last-1", runs[1], "--json").json, {"forgotten": 1}, "once")
equal(p.refit("history", "--names").stdout.split(), [runs[0], runs[2]], "the others")
