"""`refit run` inside a stage of the same workspace is refused, with --wait too; readers work there."""
from harness import contains, equal, expect, Project, REFIT

p = Project("""\
    stages:
      outer:
        cmd: sh outer.sh
        deps: [outer.sh]
        outs: [codes.txt]
      other:
        cmd: echo other > other.txt
        outs: [other.txt]
    """)
p.write("outer.sh", f"""\
'{REFIT}' run other > inner.log 2>&1; echo $? > codes.txt
'{REFIT}' run --wait other > waiting.log 2>&1; echo $? >> codes.txt
'{REFIT}' status > status.log 2>&1; echo $? >> codes.txt
""")
p.run("-j1", ran=2)
run, wait, status = map(int, p.read("codes.txt").split())
expect(run != 0, "refused")
expect(wait != 0, "refused with --wait")
equal(status, 0, "status")
contains(p.read("inner.log"), "refit: ")
contains(p.read("waiting.log"), "refit: ")

# Of another workspace it is fine.
other = p.sibling("other")
other.manifest("stages:\n  a:\n    cmd: echo a > a.txt\n    outs: [a.txt]\n")
p.write("outer.sh", f"cd ../other && '{REFIT}' run > log.txt 2>&1; echo $? > ../project/codes.txt\n")
p.run("-j1", ran=1, fresh=1)
equal(p.read("codes.txt"), "0\n", "a run of another workspace")
