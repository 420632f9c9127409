"""Refit held to the table of cases, for two end-to-end tests: as refit.yaml, and as dvc.yaml."""
import compare
from cases import CASES
from harness import Project, contains, equal, expect


def cases(manifest):
    base = Project()
    equal(len({case["name"] for case in CASES}), len(CASES), "names of cases, each once")
    expect(len(CASES) >= 150, "many cases")
    for number, case in enumerate(CASES):
        if case["differs"] is None or manifest == "refit.yaml":  # where DVC differs, a dvc.yaml may be read as it does
            check(base.sibling(f"case{number}"), case, manifest)


def check(p, case, manifest):
    for name, text in compare.files_of(case, manifest).items():
        p.write(name, text)
    result = p.refit("graph", "--json", exit=2 if case["fails"] else 0)
    if case["fails"]:
        contains(result.stderr, "refit: ", ": ", case["fails"].replace("refit.yaml", manifest))
        equal(result.stderr.count("\n"), 1, "lines of the message")
        return
    fault = compare.difference(case, {stage["name"]: stage for stage in result.json["stages"]})
    expect(not fault, f"{case['name']}: {fault}\n{compare.shown(case)}")
