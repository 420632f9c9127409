"""A missing data set is got once, from the store or its URL, only with the declared SHA-256, and by no reader."""
# tags: tsan
import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import Project, contains, equal, expect

CONTENT = b"".join(b"%d,%d\n" % (i, i * i) for i in range(60_000))
SHA = hashlib.sha256(CONTENT).hexdigest()
asked = []  # (path, Range)
cut_at = []  # lengths after which the next answers end


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range", "")
        asked.append((self.path, wanted))
        if self.path == "/missing":
            self.send_error(404)
            return
        content = b"something else\n" if self.path == "/wrong" else CONTENT
        begin = int(wanted[6:-1]) if wanted else 0
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        self.wfile.write(content[begin:][:cut_at.pop(0) if cut_at else None])

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"


def manifest(url, path="raw/x.csv", sha=SHA):
    return f"""
        data:
          x: {{path: {path}, url: "{url}", sha256: {sha}}}
        stages:
          one: {{cmd: wc -l {path} > one.txt, deps: [{path}], outs: [one.txt]}}
          two: {{cmd: wc -c {path} > two.txt, deps: [{path}], outs: [two.txt]}}
          three: {{cmd: tail -1 {path} > three.txt, deps: [{path}], outs: [three.txt]}}
          four: {{cmd: cat one.txt > four.txt, deps: [one.txt], outs: [four.txt]}}
    """


def project(path, **options):
    asked.clear()
    return Project(manifest(base + path, **options))


def leftovers(p):
    tmp = p.path(".refit/tmp")
    return sorted(os.listdir(tmp)) if tmp.exists() else []


# Readers get nothing, and say where it would come from.
p = project("/x.csv")
for words in (("status",), ("why", "one"), ("run", "-n"), ("diff",), ("graph",)):
    p.refit(*words, exit=None)
contains(p.refit("status").stdout, "may run", "raw/x.csv is missing; a run takes it from the store, or from " + base)
equal(asked, [], "what readers asked for")

# Three stages want it: it is got once, and then neither got nor digested again.
result = p.run("-j", "3", ran=4)
equal(p.bytes("raw/x.csv"), CONTENT, "what came")
equal(asked, [("/x.csv", "")], "what the server was asked")
contains("\n".join(result.notes), "getting raw/x.csv", f"raw/x.csv came from {base}/x.csv")
p.run(fresh=4)
equal(leftovers(p), [], "temporaries")

# It is in the store now: from the state's memory, and from refit.lock without a state.
p.remove("raw")
contains("\n".join(p.run(fresh=4).notes), "raw/x.csv came from the store")
p.remove("raw", ".refit/state")
contains("\n".join(p.run(fresh=4).notes), "raw/x.csv came from the store")
equal(len(asked), 1, "requests")
equal(p.bytes("raw/x.csv"), CONTENT, "from the store")

# What the store has under that path is not what is declared: the URL has it.
p.write("raw/x.csv", "older\n")
p.manifest(manifest(base + "/x.csv", sha=hashlib.sha256(b"older\n").hexdigest()))
p.run(ran=4)
p.remove("raw", ".refit/state")
p.manifest(manifest(base + "/x.csv"))
contains("\n".join(p.run(restored=4).notes), f"raw/x.csv came from {base}/x.csv")
equal(p.bytes("raw/x.csv"), CONTENT, "not the older one")

# What is there is never replaced, right or wrong.
p.write("raw/x.csv", "mine\n")
contains(p.run("one", exit=1, failed=1).reasons["one"], "not what the data set `x` declares")
equal(p.read("raw/x.csv"), "mine\n", "what is wrong")
p.remove("raw/x.csv")
p.link("raw/x.csv", "nowhere")
contains(p.run("one", exit=1, failed=1).reasons["one"], "a link that leads nowhere")

# Faults of the other side: one line, exit 5, nothing left. It is tried once in a run.
for path, words in (("/missing", ("HTTP Error 404",)), ("/wrong", ("the SHA-256 is ", f", not {SHA}"))):
    p = project(path)
    result = p.run("-k", "0", exit=5, failed=3, skipped=1)
    for stage in ("one", "two", "three"):
        contains(result.reasons[stage], "refit.yaml:3:", "raw/x.csv is missing, and could not be got", *words)
        equal(result.reasons[stage].count("\n"), 0, "lines")
    expect(not p.exists("raw/x.csv"), "something was kept")
    equal(leftovers(p), [], "temporaries")
    equal(len(asked), 1, "requests")
    p.run("-k", "0", exit=5, failed=3, skipped=1)
    equal(len(asked), 2, "requests of the next run")

# A connection that is cut goes on where it was.
cut_at[:] = [100_000]
p = project("/x.csv")
p.run(ran=4)
equal(asked, [("/x.csv", ""), ("/x.csv", "bytes=100000-")], "what the server was asked")
equal(p.bytes("raw/x.csv"), CONTENT, "in two parts")

# A file, with a name that the shell and templates would take for something else; another folder; names that are bytes.
p = Project()
odd = p.base / "it's ${x} $(touch made) \"q\".csv".replace(" ", "_")
odd.write_bytes(CONTENT)
p.manifest(f"""
    data:
      x:
        path: deep/er/x y.csv
        url: '{("file://" + str(odd)).replace("'", "''").replace("${", chr(92) + "${")}'
        sha256: {SHA}
    stages:
      s: {{cmd: "wc -l 'deep/er/x y.csv' > s.txt", deps: [deep/er/x y.csv], outs: [s.txt]}}
""")
p.run(ran=1)
equal(p.bytes("deep/er/x y.csv"), CONTENT, "from a file")
expect(not p.exists("made"), "the URL was executed")

# It cannot be put where it belongs: the stage fails, and nothing else.
p = project("/x.csv")
p.write("raw", "a file\n")
contains(p.run("one", exit=1, failed=1).reasons["one"], "raw")
equal(p.read("raw"), "a file\n", "what is in the way")
if os.geteuid() != 0:
    p.remove("raw")
    os.mkdir(p.path("raw"), 0o555)
    contains(p.run("one", exit=1, failed=1).reasons["one"], "could not be got", "raw/x.csv", "Permission denied")
    equal(leftovers(p), [], "temporaries")
