"""data.download keeps a file only with the right SHA-256, goes on where a connection ended, fetches nothing twice."""
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import contains, equal, expect, Project

CONTENT = bytes(range(256)) * 4000
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
        if self.path == "/broken" and not wanted and len(asked) == 1:
            self.send_error(503)
            return
        begin = int(wanted[6:-1]) if wanted and self.path != "/whole" else 0
        if begin >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        self.wfile.write(CONTENT[begin:][:cut_at.pop(0) if cut_at else None])

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"


def project(url, sha=SHA, retries=1):
    return Project(f"""\
        stages:
          get:
            use: data.download
            with: {{url: "{url}", sha256: "{sha}", out: data/it.bin, retries: {retries}}}
        """)


def of(path, **arguments):
    asked.clear()
    return project(base + path, **arguments)


# The common case; then it is neither fetched nor run again, and comes back from the store.
p = of("/it.bin")
p.run(ran=1)
equal(p.bytes("data/it.bin"), CONTENT, "the file")
p.run(fresh=1)
p.remove("data/it.bin")
p.run(restored=1)
equal(asked, [("/it.bin", "")], "what the server was asked")
expect(not p.exists("data/it.bin.part"), "nothing is left over")

# A connection that ends early, and a fault of the server.
cut_at[:] = [100_000]
p = of("/it.bin")
p.run(ran=1)
equal(p.bytes("data/it.bin"), CONTENT, "the file in two parts")
equal(asked, [("/it.bin", ""), ("/it.bin", "bytes=100000-")], "what the server was asked")
p = of("/broken")
p.run(ran=1)

# Given up: the next run goes on. A server that cannot do that sends the whole again.
for path in ("/it.bin", "/whole"):
    cut_at[:] = [300_000]
    p = of(path, retries=0)
    p.run(failed=1, exit=1)
    contains(p.refit("logs", "get").stdout, "the connection ended after 300000 of 1024000 bytes", "given up")
    expect(not p.exists("data/it.bin"), "a part is no result")
    p.run(ran=1)
    equal(p.bytes("data/it.bin"), CONTENT, "the file")
    equal(asked[1:], [(path, "bytes=300000-")], "what the server was asked")

# All of it is there, but was not seen as such; or something else is.
p = of("/it.bin")
p.write("data/it.bin.part", CONTENT)
p.run(ran=1)
equal(asked, [("/it.bin", f"bytes={len(CONTENT)}-")], "what the server was asked")
p = of("/it.bin")
p.write("data/it.bin.part", b"something else")
p.run(ran=1)
equal(p.bytes("data/it.bin"), CONTENT, "the file")

# The wrong content is never kept; what is not there is not asked for again.
p = of("/it.bin", sha="0" * 64)
p.run(failed=1, exit=1)
contains(p.refit("logs", "get").stdout, f"the SHA-256 is {SHA}, not 000000", "nothing was kept")
expect(not p.exists("data/it.bin") and not p.exists("data/it.bin.part"), "nothing is left over")
p = of("/missing")
p.run(failed=1, exit=1)
contains(p.refit("logs", "get").stdout, "404")
equal(len(asked), 1, "times that the server was asked")

# A file of this machine.
source = p.write("source.bin", CONTENT)
p = project(source.as_uri())
p.run(ran=1)
equal(p.bytes("data/it.bin"), CONTENT, "the file")
p = project((source.parent / "none").as_uri())
p.run(failed=1, exit=1)
server.shutdown()
