"""Templates, variables and generators come to what the table of cases says (tests/templates/cases.py)."""
import sys

from harness import ROOT

sys.path.insert(0, str(ROOT / "tests/templates"))
import hold  # noqa: E402

hold.cases("refit.yaml")
