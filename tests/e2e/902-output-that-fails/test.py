"""What cannot be written is an error (5); a reader that went away is none."""
import os
import subprocess

from harness import contains, equal, expect, Project, REFIT

p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        outs: [a.txt]
    """)
p.refit("run")
for arguments in (["run", "-B"], ["run", "-B", "--json"], ["run", "-n"], ["status"], ["restore"], ["help"]):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([REFIT, *arguments], cwd=p.root, env=p.environment, stdout=full, stderr=subprocess.PIPE)
    equal(result.returncode, 5, f"exit of {arguments}")
    equal(result.stderr.decode(), "refit: cannot write to standard output: No space left on device; "
          "make room there and run again\n", "the message")
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([REFIT, *arguments], cwd=p.root, env=p.environment, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    equal((result.returncode, result.stderr), (0, b""), f"exit of {arguments} without a reader")
