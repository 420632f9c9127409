"""python.test runs pytest, keeps its report, and runs it again when something changes that the tests import."""
# tags: venv
from xml.etree import ElementTree

from harness import contains, equal, expect, Project, venv

p = Project(f"""\
    stages:
      unit:
        use: python.test
        with: {{python: {venv()}, options: [-k, not slow]}}
      use:
        cmd: cp reports/tests.xml copy.xml
        deps: [reports/tests.xml]
        outs: [copy.xml]
    """)
p.write("tests/test_sum.py", """\
import pytest
from library.sums import total

@pytest.mark.parametrize("n", [1, 2, 3])
def test_total(n):
    assert total([n, n]) == 2 * n

def test_slow():
    assert False
""")
p.write("tests/conftest.py", "import library.settings\n")
p.write("library/__init__.py")
p.write("library/settings.py")
p.write("library/sums.py", "def total(values):\n    return sum(values)\n")
p.write("library/other.py", "")
p.run(ran=2)
suite = ElementTree.parse(p.path("copy.xml")).getroot().find("testsuite")
equal((suite.get("tests"), suite.get("failures")), ("3", "0"), "tests in the report")
p.run(fresh=2)
p.write("library/other.py", "# not used\n")
p.run(fresh=2)
p.write("library/settings.py", "# used by conftest.py\n")
p.run(ran=2)
p.replace("library/sums.py", "sum(values)", "len(values)")
p.run(failed=1, skipped=1, exit=1)
contains(p.refit("logs", "unit").stdout, "2 failed, 1 passed")
p.replace("library/sums.py", "len(values)", "sum(values)")
p.run(restored=1, fresh=1)
p.write("tests/test_more.py", "def test_more():\n    pass\n")
p.run(ran=2)
expect(not p.exists(".pytest_cache"), "pytest keeps nothing beside the report")
