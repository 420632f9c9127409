"""`store stats` counts what is there, `store path` says where it is."""
from harness import contains, equal, expect, pipeline

p = pipeline()
p.run(ran=3)
stats = p.store_stats()
equal(stats["records"], 3, "records")
expect(stats["chunks"] >= 4 and stats["chunk_bytes"] > 0 and stats["file_bytes"] > 0, f"{stats}")
contains(p.refit("store", "path").stdout, ".refit/store")
contains(p.refit("store", "path", env={"REFIT_STORE": str(p.base / "elsewhere")}).stdout, str(p.base / "elsewhere"))
equal(p.refit("store", "path", "--json").json, {"path": str(p.root / ".refit/store")}, "store path --json")
contains(p.refit("store", "stats").stdout, "3")
