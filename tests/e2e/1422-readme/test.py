"""What README.md shows of examples/digits is what the program prints: commands are typed as they stand there, and their
output is compared but for times, ids, and the order of stages that run at once."""
import difflib
import os
import re
import shutil
import subprocess

from harness import REFIT, ROOT, Project, equal

# A section, and what is there before its first command: the example as it is, or built and committed, or as an earlier
# section left it.
SECTIONS = {"Five minutes": "new", "Care of the store": "Five minutes", "Past runs": "new", "What differs": "built"}
MASKS = [
    (r"\b[0-9.]+ (ms|s|min)\b", "TIME"), (r'"duration_ms":[0-9]+', '"duration_ms":N'),
    (r"\b20[0-9]{6}T[0-9]{6}Z-[0-9a-f]{4}\b", "RUN"), (r"\b[0-9a-f]{9}\b(\+?)", r"COMMIT\1"), (r" +", " "),
    # Records hold times, and so have sizes of their own.
    (r"\b[0-9]+ of 23 records and [0-9]+ of [0-9]+ chunks: [0-9.]+ KiB", "DROPPED"), (r"\b[0-9]+ records stay", "STAY"),
    (r"\b[0-9]{2,}\.[0-9] KiB", "SIZE"),
]


def blocks(text):
    """[(command, output lines)] of each section."""
    found = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name = section.partition("\n")[0]
        for block in re.findall(r"^```\n(\$ .*?)^```$", section, flags=re.M | re.S):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.setdefault(name, []).append((command, output.splitlines()))
    return found


def masked(lines):
    for pattern, text in MASKS:
        lines = [re.sub(pattern, text, line).strip() for line in lines]
    stages = [i for i, line in enumerate(lines) if re.match("(ran|restored|blocked|skipped) ", line)]
    for i, line in zip(stages, sorted(lines[i] for i in stages)):
        lines[i] = line
    return lines


def execute(p, command):
    environment = {**p.environment, "PATH": f"{os.path.dirname(REFIT)}:{os.environ['PATH']}"}
    output = subprocess.run(["sh", "-c", command], cwd=p.root, env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=300).stdout
    return output.replace(str(p.root), "/home/ann/digits")


def project(kind, earlier):
    if kind in earlier:
        return earlier[kind]
    p = Project()
    for path in (ROOT / "examples/digits").iterdir():
        if path.name not in (".refit", "refit.lock", "work", "models", "reports", "checks", "releases", "approvals"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, p.path(path.name))
    p.git("init", "-q", "-b", "main")
    if kind == "built":
        p.refit("run")
    p.git("add", "-A")
    p.git("commit", "-qm", "digits")
    return p


if __name__ == "__main__":
    shown = blocks((ROOT / "README.md").read_text())
    projects = {}
    for section, kind in SECTIONS.items():
        p = projects[section] = project(kind, projects)
        for command, wanted in shown[section]:
            got = masked(execute(p, command).splitlines())
            wanted = masked(wanted)
            if wanted and wanted[-1] == "...":
                wanted.pop()
                got = got[:len(wanted)]
            equal(got, wanted, f"README.md, {section}: $ {command}\n" + "\n".join(difflib.ndiff(wanted, got)))
