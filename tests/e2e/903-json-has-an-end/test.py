"""The last of `run --json`'s lines is run_finished, with the error and the exit status, even if nothing could begin."""
from harness import equal, Project

PARAMS = "stages:\n  a:\n    cmd: echo\n    params: [x]\n"
p = Project()
p.write("params.yaml", "y: 1\n")
for manifest, arguments in (("stages: 1\n", []), (PARAMS, ["nosuch"]), (PARAMS, []), (PARAMS, ["-j", "0"])):
    p.write("refit.yaml", manifest)
    result = p.refit("run", "--json", *arguments, exit=2)
    equal([event["event"] for event in result.events], ["run_finished"], "events")
    equal((result.finished["run"], result.finished["exit"]), (None, 2), "run and exit")
    equal("refit: " + result.finished["error"] + "\n", result.stderr, "error")
equal(p.sibling("empty").refit("--json", exit=2).finished["exit"], 2, "exit without a project")
