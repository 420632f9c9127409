"""The first run executes everything; the second has nothing to do."""
# tags: tsan
from harness import equal, expect, pipeline

p = pipeline()
first = p.run(ran=3)
equal(first.started, ["split", "train", "evaluate"], "order of the stages")
equal(p.read("work/train.txt"), "one\ntwo\nthree\n", "an out")
equal(p.read("work/test.txt"), "four\nfive\n", "the other out")
equal(p.read("model.txt"), "lr 0.1\none\ntwo\nthree\n", "the model")

first_event, last_event = first.events[0], first.events[-1]
equal(first_event["event"], "run_started", "the first event")
equal((first_event["stages"], first_event["dry"]), (3, False), "what run_started says")
equal(first_event["run"], last_event["run"], "the run's id")
expect(last_event["error"] is None, "no error")
keys = [entry["key"] for entry in first.of("stage_finished")]
expect(all(key and len(key) == 32 for key in keys) and len(set(keys)) == 3, f"a key for each stage: {keys}")

outs = p.snapshot("work")
p.run(fresh=3)
equal(p.snapshot("work"), outs, "a no-op leaves the outs alone")
