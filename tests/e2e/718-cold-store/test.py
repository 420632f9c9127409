"""A store that is not in memory is read by the chunk, not page by page."""
# tags: plain
import os
import random
import resource

from harness import expect, Project

MIB = 16

p = Project("""\
    stages:
      make:
        cmd: cp in out
        deps: [in]
        outs: [out]
    """)
content = random.Random(1).randbytes(MIB << 20)
p.path("in").write_bytes(content)
p.run(ran=1)


def count_waits(words):
    """Pages that the command had to wait for, with nothing of the store in memory."""
    data = os.open(p.path(".refit/store/data.mdb"), os.O_RDONLY)
    os.posix_fadvise(data, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(data)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_majflt
    p.refit(*words)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_majflt - before


for words in (["run"], ["verify"]):
    p.path("out").unlink(missing_ok=True)
    waits = count_waits(words)
    expect(waits < MIB * 256 // 4, f"{words}: {waits} waits for {MIB * 256} pages")
    if words == ["run"]:
        expect(p.path("out").read_bytes() == content, "the same bytes")
