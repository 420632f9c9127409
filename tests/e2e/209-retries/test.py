"""`retries: N` tries a failing command N more times; one that succeeds in the end ran once."""
from harness import equal, Project

MANIFEST = """\
    stages:
      flaky:
        cmd: echo x >> attempts.txt; test "$(wc -l < attempts.txt)" -ge {need} && echo ok > out.txt
        outs: [out.txt]
        retries: 2
    """
p = Project(MANIFEST.format(need=3))
p.run(ran=1)
equal(p.read("attempts.txt"), "x\n" * 3, "attempts")
p.remove("attempts.txt")
p.manifest(MANIFEST.format(need=9))
p.run(failed=1, exit=1)
equal(p.read("attempts.txt"), "x\n" * 3, "attempts")
