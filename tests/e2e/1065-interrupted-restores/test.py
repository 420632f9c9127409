"""An interrupt among ten thousand files that are restored: what is there is whole, the next run brings the rest."""
# tags: tsan
import signal

from harness import equal, expect, Project, wait_until

STAGES, FILES = 50, 200
p = Project("stages:\n" + "".join(f"""\
  s{i}:
    cmd: mkdir out{i}; for n in $(seq {FILES}); do echo {i} $n > out{i}/$n; done
    outs: [out{i}]
""" for i in range(STAGES)))
outs = [f"out{i}" for i in range(STAGES)]
p.run(ran=STAGES)


def made():
    return {path: entry for path, entry in p.snapshot(times=False).items() if path.startswith(b"out")}


whole = made()
equal(len(whole), STAGES * (FILES + 1), "files and folders")
for start, end in ((["run", "--json"], lambda left: p.run(fresh=STAGES - left, restored=left)),
                   (["restore", "--json"], lambda left: p.refit("restore"))):
    cut = 0
    for _ in range(20):
        p.remove(*[out for out in outs if p.exists(out)])
        p.write("out7", "mine\n")  # in the way, and nobody has it
        program = p.start(*start)
        wait_until(lambda: p.exists("out1") or program.process.poll() is not None, "a first out")
        if program.process.poll() is None:
            program.signal(signal.SIGINT)
        result = program.wait(exit=None)
        found = made()
        there = [out for out in outs if p.path(out).is_dir()]
        for out in there:
            equal({path: entry for path, entry in found.items() if path.split(b"/")[0] == out.encode()},
                  {path: entry for path, entry in whole.items() if path.split(b"/")[0] == out.encode()}, "a whole out")
        expect(p.grep("mine\n"), "what was in the way is somewhere")
        cut += result.code == 130
        equal(result.code in (0, 130), True, f"exit status {result.code}")
        end(STAGES - len(there))
        equal(made(), whole, "all of them")
        if cut == 2:
            break
    expect(cut, f"{start[0]} was never interrupted")
p.run(fresh=STAGES)
equal(p.exists(".refit/tmp") and list(p.path(".refit/tmp").iterdir()) or [], [], "what is half made")
