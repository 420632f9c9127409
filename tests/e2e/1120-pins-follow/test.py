"""What is pinned stays in whatever store is in use: pins are published again in another one, or if it has forgotten."""
from harness import contains, equal, maker, set_n

p = maker(1_000_000)
for n in range(3):
    set_n(p, n)
    p.run(ran=1)
first = p.refit("history", "--names").stdout.split()[-1]
p.refit("pin", first)
p.refit("store", "export", "--all", "all.refit")


def gc(*words):
    return p.refit("gc", "--json", "--budget", "1", *words).json["root_records"]


def back():
    """The pinned run is; refit.lock names another one afterwards."""
    set_n(p, 0)
    p.run(restored=1)
    set_n(p, "other")
    p.refit()


def carry(name):
    p.environment["REFIT_STORE"] = str(p.base / name)
    p.refit("store", "import", "all.refit")


# Another store: the next run that does something tells it, so that gc run elsewhere knows.
carry("second")
set_n(p, 4)
p.run(ran=1)
other = p.sibling("other")
maker(1_000_000, other)
other.environment["REFIT_STORE"] = p.environment["REFIT_STORE"]
equal(other.refit("gc", "--json", "--budget", "1").json["root_records"], 2, "the pin, and refit.lock's")
back()

# And so does gc itself, which publishes it for those that follow. A dry run counts it and publishes nothing.
carry("third")
equal(gc("--dry-run"), 1, "the pin; what refit.lock names was never here")
equal(gc(), 1, "the pin")
equal(other.refit("gc", "--json", "--budget", "1", env={"REFIT_STORE": str(p.base / "third")}).json["root_records"], 1,
      "for those that follow")
back()

# Pinning another run publishes all of them.
carry("fourth")
p.refit("pin", "last")
equal(other.refit("gc", "--json", "--budget", "1", env={"REFIT_STORE": str(p.base / "fourth")}).json["root_records"],
      1, "the one that the store has")
p.refit("pin", "--remove", "last")
back()

# A workspace that was forgotten by mistake, and goes on.
other.environment["REFIT_STORE"] = p.environment["REFIT_STORE"]
p.refit("gc", "--forget", str(p.root))
set_n(p, 6)
p.run(ran=1)
set_n(p, 7)
p.run(ran=1)
equal(other.refit("gc", "--json", "--budget", "1").json["root_records"], 2, "the pin, and refit.lock's")
back()

# What is not pinned any more is not published again.
p.refit("pin", "--remove", first)
set_n(p, 8)
p.run(ran=1)
equal(gc(), 1, "refit.lock's alone")

# A pin that the store has no content of is no lie: it is counted, and gc works.
p.refit("pin", first)
p.environment["REFIT_STORE"] = str(p.base / "empty")
set_n(p, 9)
p.run(ran=1)
equal(gc(), 1, "the pin has no record here")
contains(p.refit("pin", first).stderr, f"1 outs of {first} are not in the store")
