"""A cache is carried from one CI job to the next: exported in one workspace, imported in another with an empty store;
there nothing runs. Through a file, and through a pipe."""
import shutil
import subprocess

from harness import contains, equal, expect, pipeline, REFIT

p = pipeline()
p.run(ran=3)
counts = p.refit("store", "export", "cache.refit", "--json").json
equal((counts["event"], counts["records"], counts["left_out"], counts["without_record"]),
      ("export_finished", 3, 0, []), "exported")
equal(counts["bytes"], p.path("cache.refit").stat().st_size, "bytes")
expect(not list(p.root.glob("*.tmp-*")), "no temporary is left")


def job(name):
    other = p.sibling(name)
    pipeline(other)
    return other


outs = ("work/train.txt", "work/test.txt", "model.txt", "metrics.json")
b = job("b")
shutil.copy(p.path("cache.refit"), b.path("cache.refit"))
counts = b.refit("store", "import", "cache.refit", "--json").json
equal((counts["event"], counts["records"], counts["new_records"]), ("import_finished", 3, 3), "imported")
b.run(restored=3)
for name in outs:
    equal(b.bytes(name), p.bytes(name), name)
contains(b.refit("verify").stdout, "no faults in 3 records")
contains(b.refit("store", "import", "cache.refit").stdout, "imported 0 new of 3 records")
contains(b.refit("logs", "train").stdout, "training with")

c = job("c")
first = subprocess.Popen([REFIT, "store", "export", "-"], cwd=p.root, env=p.environment, stdout=subprocess.PIPE)
second = subprocess.run([REFIT, "store", "import", "-"], cwd=c.root, env=c.environment, stdin=first.stdout,
                        capture_output=True, check=True, text=True)
first.stdout.close()
equal(first.wait(), 0, "exit of the export")
contains(second.stdout, "imported 3 new of 3 records")
c.run(restored=3)
c.run(fresh=3)
