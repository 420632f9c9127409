"""Templates, variables and generators come to what the table of cases says (tests/templates/cases.py)."""
import sys

from harness import ROOT, Project, contains, equal, expect

sys.path.insert(0, str(ROOT / "tests/templates"))
import compare  # noqa: E402
from cases import CASES  # noqa: E402


def stages_of(document):
    """The paths in wdir of DVC are those from the root of refit."""
    return {stage["name"]: {"cmd": stage["cmd"], "wdir": stage["wdir"], "deps": stage["deps"], "outs": stage["outs"],
                            "params": stage["params"]} for stage in document["stages"]}


def check(number, case):
    p = base.sibling(f"case{number}")
    for name, text in compare.files_of(case, "refit.yaml").items():
        p.write(name, text)
    result = p.refit("graph", "--json", exit=2 if case["fails"] else 0)
    if case["fails"]:
        contains(result.stderr, "refit: ", ": ", case["fails"])
        equal(result.stderr.count("\n"), 1, "lines of the message")
        return
    fault = compare.difference(case, stages_of(result.json))
    expect(not fault, f"{case['name']}: {fault}\n{compare.shown(case)}")


base = Project()
equal(len({case["name"] for case in CASES}), len(CASES), "names of cases, each once")
expect(len(CASES) >= 150, "many cases")
for number, case in enumerate(CASES):
    check(number, case)
