"""`init` writes a manifest that runs, and never overwrites one."""
import json
import subprocess
import sys
from pathlib import Path

from harness import contains, equal, expect, Project, REFIT, ROOT

p = Project()
contains(p.refit("init").text, "refit")
result = p.refit("run", "--json")
expect(result.counts["ran"] >= 1, "something ran")
equal(result.counts["failed"], 0, "failures")
counts = p.refit("run", "--json").counts
equal((counts["ran"], counts["failed"]), (0, 0), "the second run has nothing to do")
before = p.bytes("refit.yaml")
p.write("refit.yaml", before + b"# mine\n")
contains(p.refit("init", exit=2).stderr, "refit.yaml")
equal(p.bytes("refit.yaml"), before + b"# mine\n", "the manifest")
p.refit("init", "new/folder")
expect(p.exists("new/folder/refit.yaml"), "init FOLDER")
equal(p.read("new/folder/.refit/.gitignore"), "*\n", "what git is to ignore")
equal(p.refit("init", "--json", "third").stdout, '{"made":["refit.yaml",".refit/.gitignore"]}\n', "as JSON")

# Where refit is installed, the manifest says where editors find its schema, and the program works without the tree.
installed = p.base / "prefix"
subprocess.run([sys.executable, ROOT / "tests/install.py", REFIT, installed], check=True, stdout=subprocess.DEVNULL)
schema = installed / "share/refit/refit.schema.json"
equal(json.loads(schema.read_text())["title"], "refit.yaml", "the title of the schema")
program = installed / "bin/refit"
made = p.base / "made"
subprocess.run([program, "init", made], check=True, env=p.environment, stdout=subprocess.DEVNULL)
first = (made / "refit.yaml").read_text().splitlines()[0]
if Path(REFIT).read_bytes()[:4] == b"\x7fELF":  # not a script that starts the program elsewhere
    equal(first, f"# yaml-language-server: $schema={schema}", "the first line")
subprocess.run([program, "-C", made, "status"], check=True, env=p.environment, stdout=subprocess.DEVNULL)
rules = {path.stem for path in (installed / "share/refit/rules").iterdir()}
listed = subprocess.run([program, "rules", "--names"], cwd=made, check=True, env=p.environment, capture_output=True)
equal(set(listed.stdout.decode().split()), rules, "rules")
p.refit("init", "fourth")
equal(p.read("fourth/refit.yaml"), before.decode(), "a manifest of a program that is not installed")
