"""Equal distributions do not drift, and equal models do not fail, more often than their level allows."""
# tags: plain
import subprocess
import sys

from harness import REFIT, ROOT, equal

answer = subprocess.run([sys.executable, "-B", ROOT / "tests/statistics/false_alarms.py", REFIT, "--simulations", "8"],
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
equal(answer.returncode, 0, f"exit status; it said:\n{answer.stdout}")
equal(len(answer.stdout.splitlines()), 44, "kinds of simulations")
