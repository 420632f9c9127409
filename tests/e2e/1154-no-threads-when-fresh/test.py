"""A run in which everything is fresh starts no thread and no process; neither does one that asks each stage."""
# tags: plain
import os
import shutil
import subprocess

from harness import REFIT, Project, equal, skip

if shutil.which("strace") is None:
    skip("strace is not installed")
with open(REFIT, "rb") as program:
    if b"__asan_init" in program.read() or b"__tsan_init" in program.read():
        skip("sanitizers have threads of their own")
p = Project("stages:\n" + "".join(
    f"  s{i}: {{cmd: cp in.txt {i}.txt, deps: [in.txt], outs: [{i}.txt]}}\n" for i in range(50)))
p.write("in.txt", "1\n")
p.run(ran=50)


def started(*words):
    log = p.base / "strace"
    subprocess.run(["strace", "-f", "-q", "-e", "trace=clone,clone3,fork,vfork", "-o", log, REFIT, *words], cwd=p.root,
                   env={**os.environ, **p.environment}, check=True, capture_output=True)
    return [line for line in log.read_text().splitlines() if "exited" not in line]


for _ in range(2):  # the first may find files that were just written
    p.run(fresh=50)
equal(started("run"), [], "what a fresh run starts")
equal(started("run", "s1"), [], "what it starts where a target is named")
equal(started("status"), [], "what status starts")
