"""`config` shows every setting and where it comes from: of the machine before of the project before of the user."""
from harness import contains, equal, Project

p = Project("stages:\n  a:\n    cmd: echo a > a.txt\n    outs: [a.txt]\n")


def settings(**environment):
    answer = p.refit("config", "--json", env=environment).json["settings"]
    return {entry["name"]: (str(entry["value"]), entry["origin"]) for entry in answer}


found = settings()
equal(found["keep_going"], ("1", "default"), "keep_going")
equal({"jobs", "keep_going", "grace", "compression", "store.path"} - set(found), set(), "missing settings")

user = p.home / ".config/refit"
user.mkdir(parents=True)
(user / "config.yaml").write_text("keep_going: 2\njobs: 2\ngrace: 2s\n")
p.write("refit.config.yaml", "# of the project\nkeep_going: 3\njobs: 3\n")
p.write(".refit/config.yaml", "keep_going: 4\n")
found = settings()
equal(found["keep_going"], ("4", ".refit/config.yaml:1"), "keep_going")
equal(found["jobs"], ("3", "refit.config.yaml:3"), "jobs")
contains(found["grace"][1], "config.yaml:3")
found = settings(REFIT_JOBS="7", REFIT_STORE=str(p.base / "s"))
equal(found["jobs"], ("7", "environment REFIT_JOBS"), "jobs")
equal(found["store.path"], (str(p.base / "s"), "environment REFIT_STORE"), "store.path")
equal(p.refit("config", "jobs").stdout.strip(), "3", "one value")
equal(p.refit("run", "--json").events[0]["jobs"], 3, "jobs of a run")
equal(p.refit("run", "--json", "-j5").events[0]["jobs"], 5, "the command line wins")
contains(p.refit("config").stdout, "keep_going", "4", ".refit/config.yaml:1")

p.write("refit.config.yaml", "jobs: 1\nkeepgoing: 3\n")
contains(p.refit("run", exit=2).stderr, "refit: refit.config.yaml:2:1: ", "keepgoing", "keep_going")
p.write("refit.config.yaml", "jobs: many\n")
contains(p.refit("run", exit=2).stderr, "refit: refit.config.yaml:1:7: ", "jobs")
