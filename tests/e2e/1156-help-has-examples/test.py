"""Every command's --help says how it is used and has an example that begins with its name."""
import re

from harness import Project, equal, expect

p = Project(None)
names = [line.split()[0] for line in p.refit("help").stdout.split("Commands:")[1].split("`refit help")[0].splitlines()
         if re.match(r"  [a-z]", line)]
expect(len(names) >= 25, f"commands: {names}")
for name in names:
    text = p.refit(name, "--help").stdout
    equal(p.refit("help", name).stdout, text, f"help {name}")
    expect(f"Usage: refit {name}" in text or f"Usage: refit [{name}]" in text, f"usage of {name}: {text}")
    examples = re.findall(r"^  refit\b.*", text.partition("Examples:")[2], re.M)
    expect(examples and any(f" {name}" in line or name == "run" for line in examples), f"an example of {name}: {text}")
