"""A data set that came and cannot be put in its place fails its stage in one line; the next run has it."""
# tags: plain
import hashlib

from faults import preload
from harness import Project, contains, equal, expect

CONTENT = b"content\n" * 1000
for fault, words in (("EROFS rename-project", "Read-only file system"), ("EACCES rename-project", "Permission denied"),
                     ("ENOSPC mkdir-project", "No space left")):
    p = Project()
    source = p.base / "source"
    source.write_bytes(CONTENT)
    p.manifest(f"""
        data: {{x: {{path: raw/x, url: "file://{source}", sha256: {hashlib.sha256(CONTENT).hexdigest()}}}}}
        stages:
          s: {{cmd: wc -c raw/x > s.txt, deps: [raw/x], outs: [s.txt]}}
    """)
    reason = p.run(exit=1, failed=1, env=preload(fault)).reasons["s"]
    contains(reason, "refit.yaml:2:", "raw/x is missing, and could not be got: ", words)
    equal(reason.count("\n"), 0, "lines")
    expect(not p.exists("raw/x"), "it is there")
    p.run(ran=1)
    equal(p.bytes("raw/x"), CONTENT, "the content")
    equal(list(p.path(".refit/tmp").iterdir()) if p.exists(".refit/tmp") else [], [], "temporaries")
