"""In a dvc.yaml they come to the same (tests/templates/cases.py)."""
import sys

from harness import ROOT

sys.path.insert(0, str(ROOT / "tests/templates"))
import hold  # noqa: E402

hold.cases("dvc.yaml")
