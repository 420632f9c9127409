"""The value of a declared variable is nowhere: not in the store, the state, refit.lock, or what refit says."""
from harness import contains, equal, expect, Project

SECRET, OTHER = "correct-horse-battery-staple", "tr0ub4dor-and-three-and-more"
p = Project("""\
    stages:
      login:
        cmd: printf %s "$PASSWORD" | wc -c > length.txt
        env: [PASSWORD]
        outs: [length.txt]
      open:
        cmd: echo "$MODE" > mode.txt
        env: [{MODE: {show: true}}]
        outs: [mode.txt]
    """)
first = {"PASSWORD": SECRET, "MODE": "quick"}
said = p.run(env=first, ran=2).text
second = {"PASSWORD": OTHER, "MODE": "thorough"}
for arguments in (["why", "login"], ["why", "login", "--json"], ["status"], ["run", "-n"], ["run", "-v"],
                  ["graph", "--json"]):
    said += p.refit(*arguments, env=second).text
for secret in (SECRET, OTHER):
    expect(secret not in said, "a secret was said")
    equal(p.grep(secret), [], "files with a secret")
equal(int(p.read("length.txt")), len(OTHER), "the command had it")
# With `show: true` values are shown.
verdict, changes = p.why("open", env=first)
contains(str(changes["env", "MODE"]), "thorough", "quick")
contains(p.read("refit.lock"), "thorough")
