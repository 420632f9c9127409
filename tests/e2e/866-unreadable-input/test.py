"""A large input that cannot be read: the reason is told as it is for a small one."""
import ctypes
import subprocess

from harness import contains, Project, REFIT

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def obey_permissions():
    """Root, too; for anybody else it fails, and needs not succeed."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


libc = ctypes.CDLL(None)
p = Project("""\
    stages:
      a:
        cmd: echo a > a.txt
        deps: [big.bin]
        outs: [a.txt]
    """)
p.write("big.bin", b"x" * 1_000_000).chmod(0)
done = subprocess.run([REFIT, "run"], cwd=p.root, env=p.environment, capture_output=True, text=True,
                      preexec_fn=obey_permissions)
contains(done.stdout, "big.bin: Permission denied")
