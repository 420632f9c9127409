"""A project as it is used every day: its pipeline, what people do to its files, and what a clean build makes of them.

The first line of refit.yaml is the spec that it is written from, so that it comes and goes with the branches of git.
"""
import hashlib
import json
import os
import shutil
import subprocess

from workspace import entries_of

OWN = {".git", ".refit", "refit.lock", ".held"}
OUTS = ("work", "model", "metrics.json", "report.txt", "public", "counts.txt")
SCRIPTS = ("ingest", "split", "feature", "train", "evaluate", "report", "publish")
FEATURES = ("1", "2", "3", "4")
REGIONS = ("north", "south", None)
ROWS_MAX = 12000

INGEST = "cat data/*.csv | LC_ALL=C sort > work/all.csv\n"
BODIES = {
    "ingest": INGEST,
    "split": "n=$(sed -n 's/^  share: //p' params.yaml)\n"
             "awk -v n=$n 'NR % 10 < n' work/all.csv > work/train.csv\n"
             "awk -v n=$n 'NR % 10 >= n' work/all.csv > work/test.csv\n",
    "feature": "mkdir -p work/features\ncut -d, -f$1 work/train.csv | rev > work/features/$1.txt\n",
    "train": "mkdir -p model/empty\n"
             "(grep -A3 '^train:' params.yaml; cat \"$@\") | gzip -1nc > model/weights.gz\n"
             "wc -c < model/weights.gz > model/size\nln -s weights.gz model/latest\n"
             "printf '#!/bin/sh\\necho model\\n' > model/serve; chmod +x model/serve\n",
    "evaluate": "s=$(cat work/test.csv model/weights.gz | cksum | cut -c1-3)\n"
                "echo \"{\\\"score\\\": $s}\" > metrics.json\n",
    "report": "cut -c1-11 metrics.json > report.txt\n",  # one digit of it: early cut-off
    "publish": "mkdir -p public\n(echo ${REGION-nowhere}; cat report.txt model/size) > public/index.html\n",
}

# What a run under test is told in undeclared variables: to be slow, to wait, to leave a process that spoils an out.
PAUSE = ('[ -z "$SLOW" ] || sleep $SLOW; '
         '[ "$HOLD" != NAME ] || { : > .held; while [ -e .held ]; do sleep 0.01; done; }; '
         '[ -z "$SPOIL" ] || { (sleep $SPOIL; echo spoiled > OUT) & }; ')


def stage(name, command, deps, outs, params=(), more=None):
    return {"name": name, "command": command, "deps": deps, "outs": outs, "params": list(params), "more": more or []}


def stages_of(spec):
    """In the order in which they can be made."""
    made = [f"work/features/{each}.txt" for each in spec["features"]]
    return [
        stage("ingest", "sh code/ingest.sh", ["code/ingest.sh", "data"], ["work/all.csv"]),
        stage("counts", "wc -l data/*.csv > counts.txt", ["data"], ["counts.txt"], more=["cache: false"]),
        stage("split", "sh code/split.sh", ["code/split.sh", "work/all.csv"], ["work/train.csv", "work/test.csv"],
              ["split.share"]),
        *(stage(f"feature-{each}", f"sh code/feature.sh {each}", ["code/feature.sh", "work/train.csv"],
                [f"work/features/{each}.txt"]) for each in spec["features"]),
        stage("train", "sh code/train.sh " + " ".join(made), ["code/train.sh", *made], ["model"], ["train"]),
        stage("evaluate", "sh code/evaluate.sh", ["code/evaluate.sh", "work/test.csv", "model"], ["metrics.json"]),
        stage("report", "sh code/report.sh", ["code/report.sh", "metrics.json"], ["report.txt"]),
        stage("publish", "sh code/publish.sh", ["code/publish.sh", "report.txt", "model"], ["public"],
              more=["env: [REGION]"]),
        stage("lint", "for f in code/*.sh; do sh -n $f || exit 1; done", ["code"], []),
    ]


def manifest_of(spec):
    lines = ["# " + json.dumps(spec), "stages:"]
    for each in stages_of(spec):
        out = each["outs"][0] if each["outs"] else "/dev/null"
        pause = PAUSE.replace("NAME", each["name"]).replace("OUT", f"{out}/size" if out == "model" else out)
        lines += [f"  {each['name']}:", "    cmd: " + json.dumps(pause + each["command"]),
                  "    deps: " + json.dumps(each["deps"])]
        cache = ": {cache: false}" if "cache: false" in each["more"] else ""
        lines += ["    outs:", *(f"      - {out}{cache}" for out in each["outs"])] if each["outs"] else []
        lines += ["    params: " + json.dumps(each["params"])] if each["params"] else []
        lines += ["    " + more for more in each["more"] if more != "cache: false"]
    return "\n".join(lines) + "\n"


def spec_of(sources):
    return json.loads(sources["refit.yaml"][1].split(b"\n")[0][2:])


# ---- files ----

def rows(chance, count):
    return ["%08x,%06x,%06x,%06x" % tuple(chance.getrandbits(bits) for bits in (32, 24, 24, 24)) for _ in range(count)]


def create(chance, p, budget_bytes):
    p.write(".gitignore", "".join(f"/{each}\n" for each in (*OUTS, ".refit", ".held")))
    p.write("refit.config.yaml", f"store:\n  budget: {budget_bytes}\ngrace: 1s\n")
    for number in range(3):
        p.write(f"data/{number}.csv", "\n".join(rows(chance, 2000)) + "\n")
    for name in SCRIPTS:
        p.write(f"code/{name}.sh", BODIES[name])
    p.write("params.yaml", "split:\n  share: 7\ntrain:\n  rate: 1\n  rounds: 1\n")
    write_manifest(p, {"features": ["1", "2"]})


def write_manifest(p, spec):
    p.write("refit.yaml", manifest_of(spec))


def sources_of(entries):
    return {path: entry for path, entry in entries.items()
            if entry != ("d",) and path.split("/")[0] not in OUTS}


def edit_data(chance, p):
    """Rows are appended, inserted, replaced; files come and go."""
    files = sorted(os.listdir(p.path("data")))
    name = f"data/{chance.choice(files)}"
    lines, count = p.read(name).splitlines(), chance.choice([1, 1, 5, 100, 600])
    kind = chance.randrange(6)
    at = chance.randrange(len(lines) + 1)
    if kind <= 1:
        lines += rows(chance, count)
    elif kind == 2:
        lines[at:at] = rows(chance, count)
    elif kind == 3:
        lines[at:at + count] = rows(chance, len(lines[at:at + count]))
    elif kind == 4 and len(files) > 1:
        del lines[at:at + 2 * count]
    elif len(files) < 6:
        name, lines = f"data/{chance.randrange(10)}.csv", rows(chance, 1500)
    del lines[:max(0, len(lines) - ROWS_MAX // len(files))]
    p.write(name, "".join(line + "\n" for line in lines))


def edit_hidden(chance, p):
    """One digit, with size and modification time as they were."""
    name = f"data/{chance.choice(sorted(os.listdir(p.path('data'))))}"
    info, data = p.path(name).stat(), bytearray(p.bytes(name))
    if data:
        data[chance.randrange(0, len(data), 28)] = ord(chance.choice("0123456789abcdef"))
        p.write(name, bytes(data))
        os.utime(p.path(name), ns=(info.st_atime_ns, info.st_mtime_ns))


def edit_params(chance, p):
    p.write("params.yaml", f"split:\n  share: {chance.randint(5, 8)}\ntrain:\n  rate: {chance.randint(1, 3)}\n"
                           f"  rounds: {chance.randint(1, 3)}\n")


def edit_code(chance, p):
    """A comment, or something that counts."""
    name = chance.choice(SCRIPTS)
    body = f"# version {chance.randint(1, 5)}\n" + BODIES[name]
    if chance.random() < 0.4 and name in ("report", "publish", "evaluate"):
        for old, new in (("cut -c1-11", "cut -c1-12"), ("nowhere", "somewhere"), ("cut -c1-3", "cut -c1-4")):
            body = body.replace(old, new)
    p.write(f"code/{name}.sh", body)


def edit_spec(chance, p):
    write_manifest(p, {"features": sorted(chance.sample(FEATURES, chance.randint(1, 3)))})


def edit_region(chance, p):
    region = chance.choice(REGIONS)
    p.environment.pop("REGION", None)
    if region:
        p.environment["REGION"] = region


EDITS = {edit_data: 8, edit_hidden: 2, edit_params: 4, edit_code: 3, edit_spec: 1, edit_region: 1}


def edit(chance, p):
    does = chance.choices(list(EDITS), list(EDITS.values()))[0]
    does(chance, p)
    return does.__name__


def break_code(chance, p):
    name = chance.choice(SCRIPTS)
    p.write(f"code/{name}.sh", "exit 3\n")


def mend_code(p):
    for name in SCRIPTS:
        if p.read(f"code/{name}.sh") == "exit 3\n":
            p.write(f"code/{name}.sh", BODIES[name])


# ---- what should come of it ----

class Build:
    """What the commands make of the sources, one after the other in an empty folder, without refit."""

    def __init__(self, folder, sources, region):
        self.failed, self.skipped, self.outs = set(), set(), {}
        spread_out(folder, sources)
        lost = set()  # outs that are not made
        environment = {"PATH": os.environ["PATH"], **({"REGION": region} if region else {})}
        (folder / "work").mkdir()
        for each in stages_of(spec_of(sources)):
            if lost & set(each["deps"]):
                self.skipped.add(each["name"])
            elif subprocess.run(["sh", "-c", each["command"]], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                capture_output=True).returncode != 0:
                self.failed.add(each["name"])
            else:
                continue
            lost |= set(each["outs"])
        entries = entries_of(str(folder), ())
        for each in stages_of(spec_of(sources)):
            self.outs[each["name"]] = {} if lost & set(each["outs"]) else made_in(entries, each["outs"])
        shutil.rmtree(folder)


def spread_out(folder, sources):
    for path, entry in sources.items():
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(entry[1])
        at.chmod(0o755 if entry[2] else 0o644)


def made_in(entries, outs):
    """path → entry, of outs and what is in them; of large files a digest."""
    return {path: shortened(entry) for path, entry in entries.items()
            if any(path == out or path.startswith(out + "/") for out in outs)}


def shortened(entry):
    if entry[0] == "f" and len(entry[1]) > 100:
        return ("f", hashlib.sha256(entry[1]).hexdigest(), entry[2])
    return entry


class Builds:
    """One of each state of the sources."""

    def __init__(self, folder):
        self.folder, self.known = folder, {}

    def of(self, sources, region):
        digest = hashlib.sha256(repr((sorted(sources.items()), region)).encode()).digest()
        if digest not in self.known:
            self.known[digest] = Build(self.folder, sources, region)
        return self.known[digest]
