"""A reader that goes away ends nothing badly; a full disk under stdout is an error."""
import os
import subprocess

from harness import expect, pipeline, REFIT

p = pipeline()
shell = f"'{REFIT}' run -v | true; '{REFIT}' status -v | head -n 1 > /dev/null"
answer = subprocess.run(["sh", "-c", shell], cwd=p.root, env=p.environment, capture_output=True, text=True)
expect(answer.stderr == "", f"stderr: {answer.stderr}")
p.refit("run")
p.run(fresh=3)
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        for arguments in (["status", "-v"], ["graph", "--json"], ["config"]):
            answer = subprocess.run([REFIT, *arguments], cwd=p.root, env=p.environment, stdout=full,
                                    stderr=subprocess.PIPE)
            expect(answer.returncode == 5, f"{arguments}: exit {answer.returncode} on a full disk")
