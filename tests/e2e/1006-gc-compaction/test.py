"""Compaction gives free pages back to the disk; it is left for later, and told, while another has the store open."""
from harness import contains, equal, expect, Project

MIB = 1 << 20
p = Project("""\
    stages:
      make:
        cmd: head -c 4000000 /dev/urandom > out.bin
        params: [n]
        outs: [out.bin]
      wait:
        cmd: touch begun; while [ ! -e go ]; do sleep 0.02; done
        always_changed: true
    """)
for n in range(3):
    p.write("params.yaml", f"n: {n}\n")
    p.refit("run", "make")
data = p.path(".refit/store/data.mdb")
expect(data.stat().st_size > 11 * MIB, "three outs in the file")
run = p.start("run", "--json", "wait")
p.wait_for("begun")
result = p.refit("gc", "--json", "--budget", "6M").json
equal((result["taken_records"], result["compaction"]), (2, "in use"), "what was done")
expect(data.stat().st_size > 11 * MIB, "the file is as it was")
expect(result["left_bytes"] < 5 * MIB, "what is used of it is less")
contains(p.refit("gc", "--budget", "6M").stdout, "another process has the store open", "next gc")
p.write("go")
equal(run.wait().counts["ran"], 1, "ran")
p.write(".refit/store/data.mdb.compacted", "of a gc that was killed")
equal(p.refit("gc", "--json", "--no-compact").json["compaction"], "not needed", "not wanted")
mode = data.stat().st_mode
equal(p.refit("gc", "--json", "--budget", "6M").json["compaction"], "done", "compaction")
expect(data.stat().st_size < 5 * MIB, "the file has shrunk")
equal(data.stat().st_mode, mode, "mode of the file")
expect(not p.exists(".refit/store/data.mdb.compacted"), "nothing is left behind")
contains(p.refit("verify").stdout, "no faults")
p.remove("out.bin")
equal(p.refit("run", "make", "--json").counts["restored"], 1, "restored from the new file")
for n in range(3, 6):  # and the new one is written to as the old one was
    p.write("params.yaml", f"n: {n}\n")
    equal(p.refit("run", "make", "--json").counts["ran"], 1, "ran")
equal(p.refit("gc", "--json", "--budget", "6M").json["taken_records"], 3, "records taken by the order of use")
p.refit("verify")
