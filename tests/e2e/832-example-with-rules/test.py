"""The example with scikit-learn, which is made of rules, does what its page says."""
# tags: plain venv
import os
import shutil

from harness import contains, equal, expect, Project, ROOT, venv

p = Project()
for name in ("README.md", "params.yaml", "refit.yaml", "src"):
    source = ROOT / "examples/sklearn" / name
    if source.is_dir():
        shutil.copytree(source, p.path(name), ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, p.path(name))
p.environment["PATH"] = f"{venv().parent}{os.pathsep}{p.environment['PATH']}"
p.run(ran=5)
contains(p.refit("metrics").stdout, "evaluate", "accuracy")
p.run(fresh=5)
p.run("--deploy", ran=1, fresh=5)
expect(p.exists("releases/current"), "what the deploy makes")
p.replace("params.yaml", "c: 10.0", "c: 1.0")
equal(p.run(ran=2, fresh=3).started, ["train", "evaluate"], "stages that ran")
