#!/usr/bin/env python3
"""Known faults, put into the source one at a time: does a test fail?

    python3 tests/random/mutants.py                 all of them; hours on a busy machine
    python3 tests/random/mutants.py gc- racy        those with one of these words in their names
    python3 tests/random/mutants.py --list

The tree is copied to a folder of its own and built there with each fault in turn. Tests run until one fails: first
those that are named with the fault, then unit programs and end-to-end tests, then some random sequences. A fault that
nothing sees is a test that is missing. The last line is `N caught, N not caught`.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ["configure.py", "build.ninja", "include", "src", "rules", "examples", "README.md", "LICENSE", "tests"]
CORPUS = "corpus"  # of fuzzing: large, and not needed
SEQUENCES = 60


class Fault:
    """`old` becomes `new` in the file; `first` are words of the names of tests that are likely to see it."""

    def __init__(self, name, file, old, new, *first):
        self.name, self.file, self.old, self.new, self.first = name, file, old, new, first


FAULTS = [
    Fault("racy-digest-believed", "src/store/stat_cache.c",
          "if (stat->mtime_ns > settled_ns || stat->ctime_ns > settled_ns)", "if (settled_ns == INT64_MIN)",
          "118-", "1030-"),
    Fault("stat-without-ctime", "src/store/stat_cache.c", " && a->ctime_ns == b->ctime_ns", "", "122-", "118-"),
    Fault("out-without-executable-bit", "src/run/check.c", "now.kind != outs[i].kind || now.executable != "
          "outs[i].executable ||", "now.kind != outs[i].kind ||", "402-"),
    Fault("dep-without-executable-bit", "src/fingerprint/digest.c", "input->kind == ENTRY_FILE && input->executable ?",
          "input->kind == ENTRY_FILE && input->executable && input->size == 0 ?", "401-"),
    Fault("key-without-env", "src/fingerprint/fields.c", "i < stage->env_count; i++)",
          "i < stage->env_count / 9; i++)", "302-"),
    Fault("key-without-tools", "src/fingerprint/fields.c", "stage->tools[i], fp->tool_outputs[index])",
          "stage->tools[i], STR(\"\"))", "305-"),
    Fault("key-without-wdir", "src/fingerprint/fields.c", "add(g, FIELD_WDIR, STR(\"\"), stage->wdir)",
          "add(g, FIELD_WDIR, STR(\"\"), STR(\"\"))", "611-"),
    Fault("param-edited-while-running", "src/run/steps.c", "    s->params_changed = params_changed(s);",
          "    s->params_changed = params_changed(s) && s->attempts > 99;", "419-"),
    Fault("input-touched-while-running", "src/run/finish.c",
          "            !digest_equal(now.stats, before->stats) || now.executable", "            now.executable",
          "420-", "423-"),
    Fault("input-edited-while-waiting", "src/run/steps.c", "    if (is_as_checked(s))",
          "    if (is_as_checked(s) || s->attempts == 0)", "425-"),
    Fault("found-inputs-believed", "src/run/check.c", "*same = false;\n            out->found_changed = found[i].path;",
          "out->found_changed = found[i].path;", "511-"),
    Fault("found-input-changed", "src/run/finish.c", "if (stat.ctime_ns >= r->started_ns)",
          "if (stat.ctime_ns >= r->started_ns + (int64_t)3600000000000)", "513-"),
    Fault("failed-attempt-believed", "src/run/steps.c", "    memory.failed = true;", "    memory.failed = false;",
          "501-"),
    Fault("persist-restored", "src/run/check.c", "    if (!check_has_persist(stage)) {",
          "    if (!check_has_persist(stage) || stage->out_count > 0) {", "501-"),
    Fault("always-changed-cached", "src/run/check.c", "    if (stage->always_changed)",
          "    if (stage->always_changed && stage->out_count == 0)", "502-"),
    Fault("frozen-digested", "src/run/check.c", "            record->outs[record->out_count++] = *missing;",
          "            record->outs[record->out_count] = *missing;", "504-"),
    Fault("restore-prefers-oldest", "src/run/check.c", "for (uint32_t i = 0; i < count && locked != NULL; i++)",
          "for (uint32_t i = 0; i < count && locked != NULL && count > 9; i++)", "112-"),
    Fault("chunk-unverified", "src/store/get.c",
          " || !digest_equal(digest_of(bytes.ptr, bytes.len), digest)) {", ") {", "710-", "test_store"),
    Fault("object-unverified", "src/store/get.c", "    if (!digest_equal(hasher_digest(worker->hasher), digest))",
          "    if (digest_is_zero(hasher_digest(worker->hasher)))", "710-", "test_store"),
    Fault("rescue-forgotten", "src/run/clear.c",
          "return stored ? fs_remove_tree(path.ptr, err) : move_away(c, path, err);",
          "return stored || c->known_count > 0 ? fs_remove_tree(path.ptr, err) : move_away(c, path, err);", "205-"),
    Fault("empty-folder-not-restored", "src/run/restore.c", "        return fs_make_directories(place.ptr, err);",
          "        return STATUS_OK;", "406-"),
    Fault("orphans-left", "src/execute/orphans.c", "if (holders.count == 0 || waited_ms",
          "if (holders.count < 9 || waited_ms", "603-"),
    Fault("standing-without-environment", "src/run/standing.c",
          " &&\n             digest_equal(environment, environment_digest(names));", ";\n    (void)environment;",
          "1110-"),
    Fault("standing-without-stats", "src/run/standing.c",
          "mode == DIGEST_OUT ? DIGEST_OUT : DIGEST_DEP, stats, holds, err);",
          "mode == DIGEST_OUT ? DIGEST_OUT : DIGEST_DEP, stats, holds, err);\n        *holds = true;", "1110-"),
    Fault("record-of-collected-chunks", "src/store/writer.c", "    bool check = generation != store->generation;",
          "    bool check = generation == UINT64_MAX;", "test_gc", "1007-", "1008-"),
    Fault("gc-without-looking-again", "src/store/sweep.c", "    if (rc == 0 && sequence == c->sequence)",
          "    if (rc == 0)", "test_gc", "1008-"),
    Fault("gc-without-branches", "src/run/roots.c", "for (uint32_t i = 0; i < tips.count; i++)\n        all",
          "for (uint32_t i = 0; i < tips.count / 9; i++)\n        all", "1003-"),
    Fault("gc-without-published", "src/run/roots.c", "(w->state != WORKSPACE_READ ||\n",
          "(w->state == WORKSPACE_ELSEWHERE ||\n", "1004-"),
    Fault("gc-most-used-first", "src/store/collect.c", "        return x->sequence > y->sequence ? -1 : 1;",
          "        return x->sequence < y->sequence ? -1 : 1;", "1000-"),
    Fault("roots-unpublished-by-restore", "src/run/bringback.c",
          "        status = roots_publish(p, &lock, err); /*", "        status = STATUS_OK; /*", "1002-"),
    Fault("roots-unpublished-by-run", "src/run/loop.c",
          "status == STATUS_OK ? roots_publish(p, &lock, err) : STATUS_OK;", "STATUS_OK;", "1002-"),
    Fault("store-not-synced", "src/store/env_open.c", "unsigned flags = MDB_NOTLS |",
          "unsigned flags = MDB_NOSYNC | MDB_NOTLS |", "1026-", "1025-"),
    Fault("lock-before-store", "src/run/loop.c",
          "        if (stored == STATUS_OK)\n            stored = run_secure(run, err);",
          "        if (stored == STATUS_OK && run->is_fatal)\n            stored = run_secure(run, err);",
          "1026-", "1007-"),
    Fault("deploy-before-store", "src/run/steps.c",
          "(stage->kind == STAGE_DEPLOY && !settle_before_deploy(s))",
          "(stage->kind == STAGE_DEPLOY && run->is_fatal && !settle_before_deploy(s))", "514-"),
    Fault("large-uncached-stored", "src/run/finish.c", "        if (now.size > UNCACHED_BYTES_MAX)",
          "        if (now.size > 9 * (uint64_t)UNCACHED_BYTES_MAX)", "505-"),
    Fault("budget-not-measured", "src/store/collect.c", "#define PASSES_MAX 4", "#define PASSES_MAX 0", "1000-"),
    Fault("use-not-noted", "src/run/steps.c", "record->duration_ms);\n    mark_used(s);", "record->duration_ms);\n"
          "    if (s->attempts > 0)\n        mark_used(s);", "1000-"),
    Fault("gc-of-files-in-trees", "src/store/reach.c", "        if (tree.entries[i].kind == ENTRY_FILE)",
          "        if (tree.entries[i].kind == ENTRY_MISSING)", "test_gc", "1001-"),
    Fault("half-an-object", "src/store/get.c", "i < list_count(view); i++)", "i < list_count(view) / 99; i++)",
          "test_store", "970-"),
    Fault("outs-taken-for-stored", "src/run/check.c", "        else if (*stored)\n", "        else if (!*stored)\n",
          "714-", "710-"),
    Fault("collected-not-put-again", "src/run/again.c", "        if (status != STATUS_OK || !diminished)",
          "        if (status != STATUS_OK || tries == 0)", "1007-", "1008-"),
    Fault("lock-edits-unseen", "src/run/locksave.c", "    if (lstat(LOCK_FILE, &st) == 0)",
          "    if (lstat(LOCK_FILE, &st) == 0 && st.st_size == 0)", "704-", "701-"),
    Fault("import-of-half-records", "src/store/import.c", "    while (status == STATUS_OK && !reader_done(&r)) {",
          "    while (status == STATUS_OK && r.bad) {", "test_export", "974-"),
    Fault("outs-ignored", "src/fingerprint/walk.c", "w->options->mode == DIGEST_DEP && ignore_matches",
          "ignore_matches", "404-", "405-"),
    Fault("empty-folders-in-deps", "src/fingerprint/walk.c",
          "w->walk->count == before && w->options->mode == DIGEST_OUT)", "w->walk->count == before)", "406-"),
    Fault("link-out-of-dep-not-followed", "src/fingerprint/walk.c", "        e->follow = path;",
          "        e->follow = STR(\"\");", "409-"),
    Fault("link-text-of-dep-ignored", "src/fingerprint/digest.c", "size_t link_len = input->link.len ? 5",
          "size_t link_len = input->link.len > 4096 ? 5", "408-"),
    Fault("pool-oversubscribed", "src/schedule/resources.c", "        if (spoken_for > s->totals[index].amount || ",
          "        if (spoken_for > s->totals[index].amount && ", "606-", "test_schedule"),
    Fault("depfile-names-any-out", "src/run/finish.c", "maker.index != GRAPH_NONE && !graph",
          "maker.index == GRAPH_NONE && !graph", "512-"),
    Fault("standing-without-configuration", "src/run/standing.c",
          "    buf_append(&all, p->config_digest.bytes, DIGEST_SIZE);\n", "", "1110-"),
    Fault("compaction-not-synced", "src/store/compact.c", " && *rc == 0 && fsync(fd) != 0)",
          " && *rc != 0 && fsync(fd))", "1034-", "1025-"),
    Fault("restored-not-executable", "src/run/restore.c", "executable ? 0777 : 0666", "executable ? 0666 : 0666",
          "402-"),
    Fault("group-outlives-command", "src/execute/execute.c", "    if (signal_group(x, x->killed ? SIGKILL : 0))",
          "    if (x->stopping && signal_group(x, x->killed ? SIGKILL : 0))", "601-"),
]


def copy_tree(folder):
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns(CORPUS))
        elif (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name)


def programs(folder):
    units = sorted(path.stem for path in (folder / "tests/unit").glob("test_*.c"))
    return ["build/refit", "build/faults.so", "build/clock.so", *(f"build/unit/{name}" for name in units)]


def build(folder):
    """What it says if it fails. Faults may leave something unused."""
    result = subprocess.run(["ninja", "-j2", *programs(folder)], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    return "" if result.returncode == 0 else result.stdout[-3000:]


def run(folder, words):
    """The name of a test that failed, or None."""
    command = [sys.executable, "-B", "tests/run.py", "--plain", "--stop", *(f"--filter={word}" for word in words)]
    result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    failed = [line.split()[1].rstrip(":") for line in result.stdout.splitlines() if line.startswith("FAILED ")]
    if not failed and result.returncode != 0 and "\n0 passed, 0 failed" not in "\n" + result.stdout:
        raise SystemExit(result.stdout)
    return failed[0] if failed else None


def random_sequences(folder):
    command = [sys.executable, "-B", "tests/random/soundness.py", "--seed", "5000", "--sequences", str(SEQUENCES),
               "--shrink", "0"]
    environment = {**os.environ, "PYTHONPATH": "tests/e2e", "REFIT": str(folder / "build/refit")}
    result = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)
    if result.returncode == 0:
        return None
    told = [line for line in result.stdout.splitlines() if " fails at step " in line]
    return "soundness: " + (told[0] if told else result.stdout[-300:])


def seen_by(folder, fault, options):
    if options.random:
        return random_sequences(folder)
    return (fault.first and run(folder, fault.first)) or (not options.quick and (
        run(folder, ["unit/"]) or run(folder, ["e2e/"]) or random_sequences(folder))) or None


def try_fault(folder, fault, options):
    path = folder / fault.file
    text = path.read_text()
    if text.count(fault.old) != 1:
        raise SystemExit(f"{fault.name}: `{fault.old}` is {text.count(fault.old)} times in {fault.file}")
    path.write_text(text.replace(fault.old, fault.new))
    try:
        said = build(folder)
        if said:
            raise SystemExit(f"{fault.name} does not compile:\n{said}")
        return seen_by(folder, fault, options)
    finally:
        path.write_text(text)


def main():
    options = parse_arguments()
    chosen = [fault for fault in FAULTS if not options.names or any(word in fault.name for word in options.names)]
    if options.list:
        print("\n".join(fault.name for fault in chosen))
        return 0
    caught = 0
    with tempfile.TemporaryDirectory(prefix="refit-mutants-") as name:
        folder = Path(name)
        copy_tree(folder)
        subprocess.run([sys.executable, "configure.py"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        said = build(folder)
        if said:
            raise SystemExit(said)
        for fault in chosen:
            began = time.monotonic()
            seen = try_fault(folder, fault, options)
            caught += seen is not None
            print(f"{fault.name}: {'caught by ' + seen if seen else 'NOT CAUGHT'} ({time.monotonic() - began:.0f} s)",
                  flush=True)
    print(f"{caught} caught, {len(chosen) - caught} not caught")
    return 0 if caught == len(chosen) else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="words of the names of faults (all)")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--quick", action="store_true", help="only the tests that are named with a fault")
    parser.add_argument("--random", action="store_true", help="only random sequences: do they see it, too?")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
