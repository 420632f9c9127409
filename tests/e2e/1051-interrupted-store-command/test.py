"""verify, export and import end at an interrupt with exit 130, and leave nothing half done."""
import os
import random
import signal
import subprocess

from harness import calls, contains, equal, expect, has_open, Project, REFIT, Result, wait_until

p = Project("""\
    stages:
      large:
        cmd: truncate -s 2G large.bin
        outs: [large.bin]
      noise:
        cmd: cp noise.bin copy.bin
        deps: [noise.bin]
        outs: [copy.bin]
    """)
p.write("noise.bin", random.Random(1).randbytes(3_000_000))
p.run(ran=2)


def interrupt(*arguments, until, number):
    """Start the program and interrupt it when until(it) holds. It may be too fast: then again."""
    for _ in range(20):
        program = p.start(*arguments)
        wait_until(lambda: until(program) or program.process.poll() is not None, "the moment")
        if program.process.poll() is None:
            program.signal(number)
        result = program.wait(exit=None)
        if result.code == 130:
            contains(result.stderr, "refit: interrupted")
            return
    raise AssertionError("never interrupted")


def temporaries():
    return [path.name for path in p.root.glob("*.tmp-*")]


for number in (signal.SIGINT, signal.SIGTERM):
    interrupt("verify", until=lambda program: has_open(program.pid, "/data.mdb"), number=number)
    interrupt("store", "export", "all.refit", until=lambda program: temporaries(), number=number)
    equal((temporaries(), p.exists("all.refit")), ([], False), "what an export left")


def start(*arguments, **pipes):
    """The program with pipes of ours."""
    return subprocess.Popen([REFIT, *arguments], cwd=p.root, env=p.environment, stderr=subprocess.PIPE, **pipes)


def finish(process):
    stderr = process.communicate(timeout=60)[1]
    calls.append(Result(["store"], process.returncode, b"", stderr))
    equal((process.returncode, b"refit: interrupted" in stderr), (130, True), "exit, and what it says")


def sleeps(process):
    """It waits for us: it has its files open, and does not run."""
    with open(f"/proc/{process.pid}/stat", "rb") as file:
        return has_open(process.pid, "/data.mdb") and file.read().rpartition(b")")[2].split()[0] == b"S"


# Nobody reads what is exported, or writes what is imported.
read, write = os.pipe()
process = start("store", "export", "-", "noise", stdin=subprocess.DEVNULL, stdout=write)
wait_until(lambda: sleeps(process), "the pipe to be full")
process.send_signal(signal.SIGINT)
finish(process)
os.close(read)
os.close(write)
read, write = os.pipe()
process = start("store", "import", "-", stdin=read, stdout=subprocess.DEVNULL)
wait_until(lambda: sleeps(process), "the import to wait")
process.send_signal(signal.SIGINT)
finish(process)
os.mkfifo(p.path("fifo"))
for arguments in (["import", "fifo"], ["export", "fifo", "noise"]):
    process = start("store", *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_until(lambda: sleeps(process), "it to wait for the other end")
    process.send_signal(signal.SIGTERM)
    finish(process)

# Half an import adds no record, and does not hinder the whole.
p.refit("store", "export", "noise.refit", "noise")
whole = p.bytes("noise.refit")
other = p.sibling("other")
other.manifest(p.read("refit.yaml"))
process = subprocess.Popen([REFIT, "store", "import", "-"], cwd=other.root, env=other.environment,
                           stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
process.stdin.write(whole[:-1000])
process.stdin.flush()
wait_until(lambda: sleeps(process), "half of it to be read")
process.send_signal(signal.SIGINT)
finish(process)
equal(other.store_stats()["records"], 0, "records")
other.refit("verify")
other.write("in.refit", whole)
other.refit("store", "import", "in.refit")
equal(other.store_stats()["records"], 1, "records")
other.refit("verify")
