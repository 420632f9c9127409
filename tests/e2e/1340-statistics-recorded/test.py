"""The values that refit's statistics are held against are still those that scipy and others give."""
# tags: plain venv
import subprocess

from harness import ROOT, venv

script = ROOT / "tests/statistics/reference.py"
answer = subprocess.run([venv(), "-B", script, "--check"], capture_output=True, text=True)
print(answer.stdout[-20000:], answer.stderr)
answer.check_returncode()
