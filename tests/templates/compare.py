"""What both sides of the table of cases share: a case's files, and its stages in one form."""
import textwrap


def files_of(case, manifest):
    return {manifest: case["manifest"], **case["files"]}


def wanted(case):
    """name → the part of a stage that the case gives."""
    stages = {}
    for name, stage in case["stages"].items():
        stage = dict(stage) if isinstance(stage, dict) else {"cmd": stage}
        if "cmd" in stage and isinstance(stage["cmd"], str):
            stage["cmd"] = [stage["cmd"]]
        stages[name] = stage
    return stages


def difference(case, got):
    """What is not as the case has it, in a line; "" = nothing. The order of stages counts too."""
    want = wanted(case)
    if list(got) != list(want):
        return f"stages {list(got)}, not {list(want)}"
    for name, stage in want.items():
        for part, expected in stage.items():
            if got[name][part] != expected:
                return f"`{part}` of {name} is {got[name][part]!r}, not {expected!r}"
    return ""


def shown(case):
    return textwrap.indent(case["manifest"], "    ")
