"""A limited address space: either it works, with a smaller map, or one line says so, and nothing is lost."""
# tags: plain
import os
import random
import resource
import subprocess

from harness import calls, contains, equal, expect, Project, REFIT, Result

p = Project("""\
    stages:
      a:
        cmd: cp a.in a.out; echo a >> count
        deps: [a.in]
        outs: [a.out]
      b:
        cmd: cp b.in b.out; echo b >> count
        deps: [b.in, a.out]
        outs: [b.out]
    """)
MIB = 1 << 20
p.write("a.in", random.Random(1).randbytes(1000))
p.write("b.in", random.Random(2).randbytes(1000))


def run(limit, *arguments):
    """(exit status, standard error)"""
    done = subprocess.run([REFIT, *arguments], cwd=p.root, env=p.environment, stdin=subprocess.DEVNULL,
                          capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    calls.append(Result(arguments, done.returncode, done.stdout, done.stderr))
    return done.returncode, done.stderr.decode()


worked, refused = [], []
for limit in (8, 16, 32, 64, 128, 192, 256, 512, 1024, 4096):
    for name in ("refit.lock", "a.out", "b.out", ".refit", "count"):
        if p.exists(name):
            p.remove(name)
    code, text = run(limit * MIB, "run")
    if code == 0:
        worked.append(limit)
        equal(p.bytes("b.out"), p.bytes("b.in"), "b.out")
        equal(run(limit * MIB, "status")[0], 0, "status under the same limit")
        equal(run(limit * MIB, "verify")[0], 0, "verify under the same limit")
    elif code == 127:  # not even the program's libraries
        continue
    else:
        refused.append(limit)
        equal(code, 5, f"exit under a limit of {limit} MiB")
        equal(text.count("\n"), 1, f"lines of {text!r}")
    made = code == 0 or "the history" in text  # which comes last: all else is durable by then
    p.run(**{"fresh" if made else "ran": 2})
expect(worked and max(refused, default=0) < min(worked), f"it works from some limit on: {worked}, {refused}")
expect(min(worked) <= 1024, f"a machine's usual limits do: {worked}")

# The store outgrows the limit in one run: what was durable before stays, and the rest follows without a limit.
p.write("b.in", os.urandom(200 * MIB))
p.remove("a.out", "b.out")
limit = max(min(worked), 128) * MIB
code, text = run(limit, "run")
equal(code, 5, "exit when the store outgrows the limit")
contains(text, "ulimit -v")
p.refit("verify")
p.run(fresh=1, ran=1)
equal(p.read("count").splitlines()[-1], "b", "what ran last")
p.refit("verify")
