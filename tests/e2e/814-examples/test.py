"""The example that ships with refit does what its page says: its demonstration checks the counters of each run."""
import os
import subprocess
import sys

from harness import ROOT, REFIT, contains, equal

answer = subprocess.run([sys.executable, ROOT / "examples/digits/demo.py", REFIT], stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "120"})
equal(answer.returncode, 0, f"the demonstration: {answer.stdout}")
contains(answer.stdout, "the check `digits` failed: drift of `p02`: psi",
         "the gate `release` failed: accuracy of hooked:",
         "the gate `release` needs approval", "gate `release` was approved by 1 of `leads`",
         "The counters of all runs were as they should be.")
