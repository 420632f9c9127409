"""A download ends with an interrupt and does not outlive refit; the next run goes on, or begins anew, and is right."""
import hashlib
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import Project, contains, equal, expect, wait_until

CONTENT = bytes(range(256)) * 8000
SHA = hashlib.sha256(CONTENT).hexdigest()
asked = []
slow = threading.Event()  # an answer stops after a part
go_on = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range", "")
        begin = int(wanted[6:-1]) if wanted else 0
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        rest = CONTENT[begin:]
        if slow.is_set():
            self.wfile.write(rest[:1_200_000])
            self.wfile.flush()
            asked.append(wanted)
            go_on.wait(60)
            return
        asked.append(wanted)
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/x"
MANIFEST = f"""
    data: {{x: {{path: raw/x, url: "{url}", sha256: {SHA}}}}}
    stages:
      s: {{cmd: wc -c raw/x > s.txt, deps: [raw/x], outs: [s.txt]}}
      t: {{cmd: wc -c raw/x > t.txt, deps: [raw/x], outs: [t.txt]}}
"""


def part(p):
    return sum(file.stat().st_size for file in p.path(".refit/tmp").rglob("*.part"))


def downloads(p):
    """Processes that have a part of it open."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if any(name.startswith(str(p.root)) and ".part" in name for name in names):
            found.append(int(pid))
    return found


for number, exit in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
    p = Project(MANIFEST)
    slow.set()
    go_on.clear()
    asked.clear()
    run = p.start("run", "--json")
    wait_until(lambda: asked and part(p) >= 1 << 20, "a part of it")
    run.signal(number)
    run.wait(exit=exit)
    expect(not p.exists("raw/x"), "a part took its place")
    if exit == 130:
        equal(downloads(p), [], "what goes on")
    slow.clear()
    p.run(ran=2)
    equal(downloads(p), [], "what goes on after the next run")
    go_on.set()
    equal(p.bytes("raw/x"), CONTENT, "the content")
    equal(len(asked), 2, "requests")
    expect(exit != 130 or asked[1].startswith("bytes="), f"it began anew: {asked}")
    equal(list(p.path(".refit/tmp").iterdir()) if p.exists(".refit/tmp") else [], [], "temporaries")

# While one run gets it, there is no other one; in another workspace there is.
p, q = Project(MANIFEST), Project(MANIFEST)
slow.set()
go_on.clear()
asked.clear()
run = p.start("run", "--json")
wait_until(lambda: len(asked) == 1 and part(p) >= 1 << 20, "a part of it")
contains(p.refit("run", exit=5).stderr, "another run")
slow.clear()
q.run(ran=2)
go_on.set()
run.wait()
equal(p.bytes("raw/x"), q.bytes("raw/x"), "both")
