"""-f names the manifest, -C the folder; a manifest is found from a folder below."""
from harness import equal, pipeline

p = pipeline()
p.path("refit.yaml").rename(p.path("other.yaml"))
p.refit("run", exit=2)
p.run("-f", "other.yaml", ran=3)
p.refit("run", "-f", "other.yaml", exit=0)
p.path("other.yaml").rename(p.path("refit.yaml"))
p.path("a/b").mkdir(parents=True)
equal(p.run(cwd=p.path("a/b"), fresh=3).states.get("split", "fresh"), "fresh", "from below")
p.refit("-C", str(p.root), "status", cwd=p.base, exit=0)
