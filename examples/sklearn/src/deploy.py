"""Release a model: into releases/ under its digest, with `current` pointing to it. Earlier releases stay."""
import hashlib
import json
import os
import shutil
import sys
import tempfile

import yaml

model_path, metrics_path = sys.argv[1:]
with open("params.yaml", encoding="utf-8") as file:
    lowest = yaml.safe_load(file)["deploy"]["accuracy_min"]
with open(metrics_path, encoding="utf-8") as file:
    accuracy = json.load(file)["accuracy"]
if accuracy < lowest:
    raise SystemExit(f"not released: accuracy {accuracy:.4f} is below deploy.accuracy_min {lowest}")
with open(model_path, "rb") as file:
    name = hashlib.sha256(file.read()).hexdigest()[:16]
os.makedirs("releases", exist_ok=True)
if not os.path.exists(f"releases/{name}"):
    with tempfile.TemporaryDirectory(prefix=".new-", dir="releases") as folder:
        os.mkdir(f"{folder}/{name}")
        for path in (model_path, metrics_path):
            shutil.copyfile(path, f"{folder}/{name}/{os.path.basename(path)}")
        os.rename(f"{folder}/{name}", f"releases/{name}")
link = f"releases/.current-{os.getpid()}"
os.symlink(name, link)
os.replace(link, "releases/current")
print(f"releases/current -> {name} (accuracy {accuracy:.4f})")
