"""The JSON Schema of refit.yaml knows the keys that refit knows, and agrees with it on every manifest in the tests."""
# tags: plain venv
import subprocess

from harness import REFIT, ROOT, venv

answer = subprocess.run([venv(), "-B", ROOT / "tests/schema.py", REFIT], capture_output=True, text=True)
print(answer.stdout[-20000:], answer.stderr)
answer.check_returncode()
