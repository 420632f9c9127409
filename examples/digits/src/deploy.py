"""Release a model: into releases/ under its digest, with `current` pointing to it. Earlier releases stay.

A reader of releases/current sees the old model or the new one, never a half of either: the folder is complete before it
gets its name, and the link is replaced in one step. To go back, point `current` at an earlier folder.
"""
import hashlib
import os
import shutil
import sys
import tempfile

RELEASES = "releases"


def release(paths, name):
    """Copy files to releases/NAME, unless that is there, and make it current."""
    os.makedirs(RELEASES, exist_ok=True)
    target = os.path.join(RELEASES, name)
    if not os.path.exists(target):
        with tempfile.TemporaryDirectory(prefix=".new-", dir=RELEASES) as folder:
            ready = os.path.join(folder, name)
            os.mkdir(ready)
            for path in paths:
                copy_synced(path, os.path.join(ready, os.path.basename(path)))
            sync_folder(ready)
            os.rename(ready, target)
    link = os.path.join(RELEASES, f".current-{os.getpid()}")
    os.symlink(name, link)
    os.replace(link, os.path.join(RELEASES, "current"))
    sync_folder(RELEASES)


def copy_synced(source, target):
    with open(source, "rb") as reader, open(target, "wb") as writer:
        shutil.copyfileobj(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())


def sync_folder(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(model_path, metrics_path):
    with open(model_path, "rb") as file:
        name = hashlib.sha256(file.read()).hexdigest()[:16]
    release([model_path, metrics_path], name)
    print(f"{RELEASES}/current -> {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
