"""The example that ships with refit does what its page says."""
import shutil

from harness import equal, expect, Project, ROOT

p = Project()
source = ROOT / "examples/digits"
for path in source.rglob("*"):
    name = path.relative_to(source)
    if path.is_file() and not {".refit", "work", "models", "reports", "releases", "__pycache__"} & set(name.parts):
        if name.name != "refit.lock":
            p.path(str(name.parent)).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, p.path(str(name)))
first = p.refit("run", "--json")
equal(first.counts["failed"], 0, "failures")
everything = first.counts["ran"]
expect(everything >= 4, "stages")
p.run(fresh=everything)
