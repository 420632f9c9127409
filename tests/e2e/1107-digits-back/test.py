"""Of five commits that change data, code and parameters of the example, each model comes back bit for bit."""
import shutil

from harness import Project, ROOT, equal

p = Project()
for name in ("src", "tests", "data", "baseline", "params.yaml", "refit.yaml", ".gitignore"):
    source = ROOT / "examples/digits" / name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, p.path(name))
p.git("init", "-q", "-b", "main")
digits = p.read("data/digits.csv").splitlines(keepends=True)
p.write("data/digits.csv", "".join(digits[:1201]))
p.replace("refit.yaml", "\nstages:\n", "\ndata:\n  digits: {path: data/digits.csv}\n\nstages:\n")
p.write(".gitignore", p.read(".gitignore") + "/data/digits.csv\n")
p.write("refit.yaml", p.read("refit.yaml").partition("\ngates:")[0])  # these models are not to be released
OUTS = ["models/digits.json", "reports/metrics.json", "work/train.csv"]
built = []


def build():
    p.refit("run")
    p.git("add", "-A")
    p.git("commit", "-qm", f"build {len(built)}")
    built.append((p.git("rev-parse", "HEAD").strip(), [p.bytes(name) for name in OUTS]))


build()
p.write("data/digits.csv", "".join(digits[:1401]))
build()
p.write("src/train.py", p.read("src/train.py") + "\n# a change of the code\n")
build()
p.replace("params.yaml", "lr: 0.05", "lr: 0.1")
build()
p.write("data/digits.csv", "".join(digits[:1] + digits[101:1501]))
build()
p.write("data/digits.csv", "overwritten\n")
expected = dict.fromkeys(["digits", "split", "unittest", "train", "predict@new", "predict@used", "evaluate"],
                         "identical")
for words in ([], ["--rerun"]):
    for commit, outs in built:
        result = p.refit("reproduce", commit, "--json", *words)
        equal({e["stage"]: e["result"] for e in result.of("stage_reproduced")}, expected, f"{commit} {words}")
        folder = p.path(result.events[-1]["folder"])
        equal([(folder / name).read_bytes() for name in OUTS] == outs, True, f"the bytes of {commit} {words}")
        equal((folder / "data/digits.csv").read_text().startswith(digits[0]), True, "the source")
