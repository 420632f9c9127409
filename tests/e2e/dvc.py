"""What tests of DVC's projects share: files as DVC writes them, and a check that none of them was touched."""
import hashlib
import json

from harness import Project, equal


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class DvcProject(Project):
    """A project with a `.dvc` folder and no refit.yaml. What is DVC's must stay as it is: see untouched()."""

    def __init__(self, manifest=None, **words):
        super().__init__(None, **words)
        self.write(".dvc/config", "[core]\n    analytics = false\n")
        if manifest is not None:
            self.write("dvc.yaml", manifest)

    def cache(self, content, folder=".dvc/cache/files/md5", suffix=""):
        """Put bytes into DVC's cache, and give their MD5."""
        name = md5(content)
        self.write(f"{folder}/{name[:2]}/{name[2:]}{suffix}", content).chmod(0o444)
        return name + suffix

    def cache_folder(self, files, folder=".dvc/cache/files/md5"):
        entries = [{"md5": self.cache(files[path], folder), "relpath": path} for path in sorted(files)]
        return self.cache(json.dumps(entries).encode(), folder, ".dir")

    def data(self, path, name, more=""):
        """A .dvc file beside what it keeps."""
        last = path.rpartition("/")[2]
        return self.write(path + ".dvc", f"outs:\n- md5: '{name}'\n  hash: md5\n{more}  path: {last}\n")

    def of_dvc(self):
        names = (b".dvc", b"dvc.lock", b"dvc.yaml", b".dvcignore")
        return {name: what for name, what in self.snapshot().items() if name.endswith(names) or b".dvc/" in name}

    def untouched(self, before):
        equal(self.of_dvc(), before, "DVC's own files")

    # dvc.lock

    def entry(self, path, name=None):
        """What DVC notes of a file or folder as it is."""
        place = self.path(path)
        if not place.is_dir():
            return {"path": name or path, "hash": "md5", "md5": md5(place.read_bytes()), "size": place.stat().st_size}
        files = sorted(each for each in place.rglob("*") if each.is_file())
        entries = [{"md5": md5(each.read_bytes()), "relpath": str(each.relative_to(place))} for each in files]
        entries.sort(key=lambda each: each["relpath"])
        return {"path": name or path, "hash": "md5", "md5": md5(json.dumps(entries).encode()) + ".dir",
                "nfiles": len(files)}

    def lock(self, stages, folder=""):
        """Write a dvc.lock; JSON is YAML too."""
        return self.write(f"{folder}dvc.lock", json.dumps({"schema": "2.0", "stages": stages}, indent=1))

    def cache_path(self, path):
        """Put a file or folder as it is into DVC's cache."""
        place = self.path(path)
        if not place.is_dir():
            return self.cache(place.read_bytes())
        files = {str(each.relative_to(place)): each.read_bytes() for each in place.rglob("*") if each.is_file()}
        return self.cache_folder(files)
