"""What has another SHA-256 than its data set declares is read by no stage; it is found once for each content."""
# tags: tsan
import hashlib
import os

from harness import Project, contains, equal, expect


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(declared, path="raw/x.csv", dep="raw/x.csv"):
    return f"""
        data:
          x: {{path: {path}, sha256: {declared}}}
        stages:
          s: {{cmd: cat {dep} > out.txt, deps: [{dep}], outs: [out.txt]}}
          t: {{cmd: wc -l {dep} > other.txt, deps: [{dep}], outs: [other.txt]}}
          u: {{cmd: echo > u.txt, outs: [u.txt], deps: [refit.yaml]}}
    """


p = Project(manifest(sha("good\n")))
p.write("raw/x.csv", "good\n")
p.run(ran=3)
p.run(fresh=3)


def uses_libcrypto(*words, **counts):
    result = p.run(*words, env={"LD_DEBUG": "files"}, **counts)
    return "libcrypto" in result.stderr


# A no-op does not look at it again, nor does a touch or the old content put back; another content is looked at once.
expect(not uses_libcrypto(fresh=3), "SHA-256 found again")
p.touch("raw/x.csv")
expect(not uses_libcrypto(fresh=3), "SHA-256 found again after a touch")
p.write("raw/x.csv", "bad\n")
result = p.run("-k", "0", exit=1, fresh=1, failed=2)
for stage in ("s", "t"):
    contains(result.reasons[stage], "refit.yaml:3:", "raw/x.csv is not what the data set `x` declares",
             sha("bad\n") + ", not " + sha("good\n"))
equal(p.read("out.txt"), "good\n", "the out")
expect(not uses_libcrypto("-k", "0", exit=1, fresh=1, failed=2), "SHA-256 found again of what is wrong")
status = p.refit("status", exit=0)
contains(status.stdout, "would fail", "not what the data set `x` declares")
p.write("raw/x.csv", "good\n")
expect(not uses_libcrypto(fresh=3), "SHA-256 found again of what had been there")

# The manifest says something else: the content is not believed any more, although it is as it was.
p.manifest(manifest(sha("better\n")))
contains(p.run("s", exit=1, failed=1).reasons["s"], sha("good\n") + ", not " + sha("better\n"))
p.write("raw/x.csv", "better\n")
p.run("s", ran=1)

# A reader without a state finds it by itself, and leaves nothing.
p.write("raw/x.csv", "worse\n")
p.remove(".refit/state")
contains(p.refit("why", "s").stdout, "not what the data set `x` declares")
expect(not p.exists(".refit/state/data.mdb"), "a reader made a state")

# A folder that has it, and what cannot have one.
p.manifest(manifest(sha("good\n"), dep="raw").replace("cat raw", "cat raw/*").replace("wc -l raw", "ls raw"))
contains(p.run("s", exit=1, failed=1).reasons["s"], "raw/x.csv is not what the data set `x` declares")
p.write("raw/x.csv", "good\n")
p.run("s", "t", ran=2)
p.run("s", "t", fresh=2)
p.manifest(manifest(sha("good\n"), path="raw", dep="raw"))
contains(p.run("s", exit=2, failed=1).reasons["s"], "refit.yaml:3:", "raw is a folder, and a `sha256` is of a file")
p.manifest(manifest(sha("good\n"), path="raw"))
contains(p.run("s", exit=2, failed=1).reasons["s"], "raw is a file", "raw/x.csv would be in it")
p.manifest(manifest(sha("good\n")))
p.remove("raw")
contains(p.run("s", exit=1, failed=1).reasons["s"], "does not exist", "the data set `x`, which has no `url`")

# A link to the content is as good.
p.write("elsewhere.csv", "good\n")
os.mkdir(p.path("raw"))
p.link("raw/x.csv", "../elsewhere.csv")
p.run("s", ran=1)
p.write("elsewhere.csv", "bad\n")
contains(p.run("s", exit=1, failed=1).reasons["s"], "raw/x.csv is not what the data set `x` declares")

# One that is found while running.
p.manifest("data: {x: {path: raw/x.csv, sha256: " + sha("good\n") + "}}\n"
           "stages: {f: {cmd: 'cat raw/x.csv > f.txt; echo f.txt: raw/x.csv > f.d', outs: [f.txt], depfile: f.d}}\n")
contains(p.run(exit=1, failed=1).reasons["f"], "it read raw/x.csv, which is not what the data set `x` declares")
p.write("elsewhere.csv", "good\n")
p.run(ran=1)
p.run(fresh=1)

# A parameter file.
p.manifest("data: {x: {path: raw/p.yaml, sha256: " + sha("n: 1\n") + "}}\n"
           "stages: {f: {cmd: echo > f.txt, params: [{raw/p.yaml: [n]}], outs: [f.txt]}}\n")
p.write("raw/p.yaml", "n: 2\n")
contains(p.run(exit=1, failed=1).reasons["f"], "raw/p.yaml is not what the data set `x` declares")
p.write("raw/p.yaml", "n: 1\n")
p.run(ran=1)
p.run(fresh=1)

# What is not pinned is no place to get data from; nor is any other kind of URL.
for keys, words in (("url: 'http://host/x'", "has a `url` and no `sha256`"),
                    ("url: 'gopher://host/x', sha256: " + 64 * "a", "must begin with http://"),
                    ("url: 'http://host/a b', sha256: " + 64 * "a", "no blanks"),
                    ("url: 'http://', sha256: " + 64 * "a", "must begin with http://"),
                    ("sha256: " + 64 * "A", "in lower case")):
    p.manifest("data: {x: {path: x, " + keys + "}}\nstages: {s: {cmd: cat x, deps: [x]}}\n")
    error = p.refit("run", exit=2).stderr
    contains(error, "refit.yaml:1:", words)
    equal(error.count("\n"), 1, "lines")
