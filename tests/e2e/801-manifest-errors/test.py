"""A fault in the manifest is one line: file, line and column, what, and what to do. Exit 2, and nothing runs."""
import re

from harness import contains, equal, expect, Project

A = "stages:\n  a:\n    cmd: touch ran; echo a > a.txt\n    outs: [a.txt]\n"
CASES = [
    # manifest, place (a pattern), what the message must contain, in this order
    (A + "  train:\n    cmd: echo\n    dep: [x]\n", r"7:5", ["unknown key `dep`", "did you mean `deps`"]),
    (A + "stage: 1\n", r"5:1", ["`stage`", "`stages`"]),
    ("stages:\n  a:\n    outs: [a.txt]\n", r"2:3", ["`a`", "cmd"]),
    (A + "  b:\n    cmd: [echo, {x: 1}]\n", r"6:\d+", ["cmd"]),
    (A + "  b:\n    cmd: echo\n    deps: x\n", r"7:\d+", ["deps", "list"]),
    (A + "  b:\n    cmd: echo\n    kind: modle\n", r"7:\d+", ["modle", "did you mean", "model"]),
    (A + "  b:\n    cmd: echo\n    timeout: soon\n", r"7:\d+", ["timeout", "soon"]),
    (A + "  b:\n    cmd: echo\n    retries: 1000\n", r"7:\d+", ["retries", "100"]),
    (A + "  b:\n    cmd: echo\n    resources: {mem: lots}\n", r"7:\d+", ["mem", "lots"]),
    (A + "  b:\n    cmd: echo\n    outs: [a.txt]\n", r"7:12", ["a.txt", "a"]),
    (A + "  b:\n    cmd: echo\n    outs: [a.txt/b.txt]\n", r"7:12", ["a.txt/b.txt", "a.txt"]),
    (A + "  b:\n    cmd: echo\n    deps: [b.txt]\n    outs: [b.txt]\n", r"[678]:\d+", ["b.txt"]),
    (A + "  b:\n    cmd: echo\n    deps: [dir]\n    outs: [dir/b.txt]\n", r"[678]:\d+", ["dir"]),
    (A + "  b:\n    cmd: echo\n    outs: [../b.txt]\n", r"7:12", ["../b.txt", "outside"]),
    (A + "  b:\n    cmd: echo\n    outs: [/tmp/b.txt]\n", r"7:12", ["/tmp/b.txt", "outside"]),
    (A + "  b:\n    cmd: echo\n    outs: [.]\n", r"7:12", []),
    (A + "  b:\n    cmd: echo\n    outs: [.refit/x]\n", r"7:12", [".refit"]),
    (A + "  b:\n    cmd: echo\n    outs: [b.txt, ./b.txt]\n", r"7:19", ["b.txt"]),
    (A + "  b:\n    cmd: echo\n    deps: [c.txt]\n    outs: [b.txt]\n"
         "  c:\n    cmd: echo\n    deps: [b.txt]\n    outs: [c.txt]\n", r"\d+:\d+", ["cycle"]),
    (A + "  b:\n    cmd: echo\n    needs: [b]\n", r"\d+:\d+", ["b"]),
    (A + "  b:\n    cmd: echo\n    needs: [aa]\n", r"7:13", ["`aa`"]),
    (A + "  a:\n    cmd: echo\n", r"5:3", ["`a`", "2"]),
    (A + "  b/c:\n    cmd: echo\n", r"5:3", ["b/c"]),
    (A + "  b:\n    cmd: echo ${x}\n", r"6:15", ["no variable is called `x`"]),
    (A + "  b:\n    foreach: [1]\n    do: {cmd: \"${x}\"}\n", r"7:16", ["no variable is called `x` in stage `b@1`"]),
    (A + "vars: [x.yaml]\n", r"5:8", ["there is no `x.yaml`"]),
    (A + "  b:\n    cmd: [echo\n", r"\d+:\d+", []),
    (A + "  b:\n\tcmd: echo\n", r"\d+:\d+", []),
    (A + "  b:\n    cmd: echo\n    depfile: a.txt\n", r"7:14", ["depfile `a.txt`", "`b`", "made by stage `a`"]),
    (A + "  b:\n    cmd: echo\n    deps: [x.c]\n    depfile: x.c\n", r"8:14", ["depfile `x.c`", "reads"]),
    (A + "  b:\n    cmd: echo\n    depfile: refit.yaml\n", r"7:14", ["depfile `refit.yaml`", "choose another place"]),
    (A + "  b:\n    cmd: echo\n    depfile: d\n  c:\n    cmd: echo\n    depfile: d\n", r"10:14", ["`d`", "`c`", "`b`"]),
    ("stages: [a]\n", r"1:\d+", ["stages"]),
    ("", r"\d+:\d+", ["stages"]),
]
p = Project()
for text, place, parts in CASES:
    p.write("refit.yaml", text)
    for arguments in (["run"], ["status"], ["run", "-n"]):
        result = p.refit(*arguments, exit=2)
        lines = result.stderr.splitlines()
        equal(len(lines), 1, f"lines of the message for:\n{text}\n{result.stderr}")
        expect(re.match(rf"refit: refit\.yaml:{place}: \S", lines[0]),
               f"not at {place}: {lines[0]} for:\n{text}")
        contains(lines[0], *parts)
    expect(not p.exists("ran"), "nothing ran")

# The cycle is shown as the path that closes.
p.manifest("""\
    stages:
      one:
        cmd: echo
        deps: [c]
        outs: [a]
      two:
        cmd: echo
        deps: [a]
        outs: [b]
      three:
        cmd: echo
        deps: [b]
        outs: [c]
      aside:
        cmd: echo
        deps: [a]
        outs: [d]
    """)
message = p.refit("run", exit=2).stderr
expect(re.search(r"(one.*two.*three.*one|two.*three.*one.*two|three.*one.*two.*three|"
                 r"one.*three.*two.*one|three.*two.*one.*three|two.*one.*three.*two)", message),
       f"the cycle: {message}")
expect("aside" not in message, "only the cycle")
