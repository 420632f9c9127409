"""reproduce takes a source from store and workspace before its URL, says so when it does not, and what failed."""
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import Project, contains, equal

CONTENT = b"one\ntwo\n"
asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"


def project(path):
    p = Project(f"""
        data: {{x: {{path: raw/x, url: "{url}{path}", sha256: {hashlib.sha256(CONTENT).hexdigest()}}}}}
        stages:
          s: {{cmd: wc -c < raw/x > s.txt, deps: [raw/x], outs: [s.txt]}}
    """)
    p.git("init", "-q", "-b", "main")
    p.write(".gitignore", "/raw/\n/*.txt\n")
    if path == "/gone":
        p.write("raw/x", CONTENT.decode())
    p.run(ran=1)
    p.git("add", "-A")
    p.git("commit", "-qm", "one")
    asked.clear()
    return p


def reproduced(p, *words, exit=0):
    result = p.refit("reproduce", "--json", "HEAD", *words, exit=exit)
    return {e["stage"]: e["result"] for e in result.of("stage_reproduced")}, result


# The store has it: the work tree does not matter, nor does the network.
p = project("/x")
p.write("raw/x", "overwritten\n")
equal(reproduced(p, "--rerun")[0], {"s": "identical"}, "from the store")
equal(asked, [], "requests")

# The store is lost, the workspace has it.
p.write("raw/x", CONTENT.decode())
p.remove(".refit/store", ".refit/reproduce")
equal(reproduced(p, "--rerun")[0], {"s": "identical"}, "from the workspace")
equal(asked, [], "requests")

# Nowhere else.
p.write("raw/x", "overwritten\n")
p.remove(".refit/store", ".refit/reproduce")
results, result = reproduced(p, "--rerun")
equal(results, {"s": "identical"}, "from its URL")
equal(asked, ["/x"], "requests")
contains("\n".join(result.notes), "raw/x is neither in the store nor in the workspace; getting it from " + url)
equal(p.read("raw/x"), "overwritten\n", "the user's file")

# Nor there: one attempt, and all of it is said.
p = project("/gone")
p.write("raw/x", "overwritten\n")
p.remove(".refit/store")
results, result = reproduced(p, "--rerun", exit=1)
equal(results, {"s": "not reproducible"}, "stages")
equal(asked, ["/gone"], "requests")
contains(result.events[-1]["lacking"][0]["reason"], "neither store nor workspace have that of HEAD",
         "nor could it be got", "HTTP Error 404")
