"""history, show, diff, metrics, graph, logs, why, status, approvals, audit and config leave every file as it was."""
import os

from harness import Project, equal

p = Project("""\
    stages:
      s: {cmd: 'echo "{\\"a\\": 1}" > m.json', deps: [in.txt], metrics: [m.json]}
    gates:
      g:
        model: in.txt
        metric_files: {candidate: m.json}
        metrics: {a: {better: higher, min: 0}}
    """)
p.write("in.txt", "1\n")
p.write(".gitignore", ".refit/\n")
p.git("init", "-q", "-b", "main")
p.refit("run")
p.git("add", "-A")
p.git("commit", "-qm", "one")
p.write("in.txt", "2\n")
p.refit("run")


def everything():
    found = {}
    for folder, names, files in os.walk(p.root):
        for name in [".", *files]:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if not path.endswith("lock.mdb"):  # LMDB's table of readers
                found[path] = (info.st_mtime_ns, info.st_size, info.st_ino, info.st_mode)
    return found


before = everything()
for words in (["status"], ["why", "s"], ["graph"], ["logs", "s"], ["metrics"], ["metrics", "diff", "HEAD"], ["history"],
              ["history", "--failed"], ["show"], ["show", "-1"], ["diff", "HEAD"], ["diff", "last-1", "last"],
              ["config"],
              ["approvals"], ["audit"], ["store", "stats"], ["store", "path"], ["rules"], ["run", "-n"], ["run", "-nB"],
              ["gc", "--dry-run"], ["verify"]):
    p.refit(*words, exit=None)
    after = everything()
    equal({path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}, {},
          f"what refit {' '.join(words)} changed")
