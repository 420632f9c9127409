"""Every command has a help with an example; what is printed there exists."""
import re

from harness import contains, equal, expect, Project

p = Project()
text = p.refit("--help").stdout
commands = ("run init status why graph logs restore accept metrics config store rules completion reproduce "
            "check-determinism").split()
for command in commands:
    expect(re.search(rf"^\s+{command}\b", text, re.MULTILINE), f"{command} is listed in --help")
    own = p.refit(command, "--help").stdout
    contains(own.lower(), "refit " + command, "example")
    equal(p.refit("help", command).stdout, own, f"help {command}")
    contains(p.refit(command, "--no-such-option", exit=2).stderr, "refit: ", "--no-such-option")
