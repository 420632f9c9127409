""".refit ignores itself; refit.lock and refit.yaml are what is committed."""
import shutil
import subprocess

from harness import equal, pipeline, skip

if not shutil.which("git"):
    skip("no git here")
p = pipeline()
subprocess.run(["git", "init", "-q"], cwd=p.root, check=True, env=p.environment)
p.run(ran=3)
answer = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=p.root, check=True, env=p.environment,
                        capture_output=True, text=True)
names = sorted(line[3:] for line in answer.stdout.splitlines())
equal([name for name in names if name.startswith(".refit/")], [], "files of .refit that git sees")
equal("refit.lock" in names, True, "refit.lock is seen")
