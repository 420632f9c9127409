/*
 * The run: an opened project, and the loop that joins graph, schedule, fingerprints, store and processes.
 *
 *   ready → fingerprint → store lookup ── hit → restore ─┐
 *     ▲                      └ miss → execute → store ───┤
 *     └──────────────── schedule (marks dependents) ◄────┘
 *
 * Also the other commands that need that machinery: planning (status, -n, why), restoring, accepting, and refit.lock.
 */
#ifndef REFIT_RUN_H
#define REFIT_RUN_H

#include "refit/fingerprint.h"
#include "refit/base/table.h"
#include "refit/graph.h"
#include "refit/history.h"
#include "refit/manifest.h"
#include "refit/report.h"
#include "refit/state.h"
#include "refit/store.h"

/* ---- the project ---- */

struct project_options {
    const char *directory; /* -C; NULL = the working directory */
    const char *manifest;  /* -f; NULL = what is found, see project_open() */
    const struct config_source *config_overrides; /* wins over files (command line); may be NULL */
    uint32_t override_count;
    bool writer; /* the command will write: state and store are made if they are not there, and other runs are kept
                  * out from before anything is read */
    struct str command; /* the arguments that the program was given, for the history */
    bool wait;   /* for a run that holds the workspace, instead of failing */
    const char *store; /* this store, whatever the configuration says; NULL = what that says */
    bool copy;   /* of a project, in a folder of its own: gc need not leave what it relies on */
    bool lazy;   /* all stages are wanted: where they stand as a run left them, fresh, the manifest is not loaded */
};

struct project {
    struct arena arena;
    struct str root;         /* absolute; the process's working directory from now on */
    struct str cwd;          /* canonical path of the folder that the user stands in */
    struct str command;      /* as of the options */
    struct str manifest_path; /* canonical; of DVC's, one that is there */
    enum manifest_dialect dialect; /* MANIFEST_DVC: there is no refit.yaml, but files of DVC */
    struct str here; /* then the dvc.yaml that -f names, or that is in the folder where the user stands; or "" */
    struct manifest manifest;
    struct manifest_source *sources; /* of DVC's, what the manifest was loaded from */
    uint32_t source_count;
    struct ignore *dvc_ignore;       /* and what DVC leaves out of its digests; NULL = nothing was looked for */
    struct str dvc_ignored;          /* the same as patterns of one file at the root */
    struct graph graph;
    struct config config;
    struct state *state;
    struct store *store; /* NULL until project_open_store() */
    struct str store_directory;
    char store_epoch[STORE_EPOCH_SIZE]; /* when the project was opened; of a store that is made, when it was */
    struct fingerprint *fp;
    struct manifest_reader reader; /* of what is needed to load the manifest and parameter files */
    bool writer, copy;
    struct judge *judge; /* of gates; NULL until one is judged */
    struct workspace_lock *workspace; /* NULL if it is not held */
    bool stands;             /* everything is fresh, and manifest and graph are not loaded */
    uint32_t standing_count; /* then: so many stages */
    int64_t opened_ns;       /* the clock that stamps files, when it was opened */
    struct digest config_digest; /* of the files that the configuration came from */
    struct digest manifest_stats, lock_stats; /* of manifest and refit.lock, just before they were read */
};

/*
 * Find, load and check everything; changes the working directory to the root. Opens the state, not the store.
 *
 * The root is the nearest folder, from the directory upwards, with a refit.yaml. Where there is none, it is the nearest
 * one with a `.dvc` folder, or else with a dvc.yaml: then every dvc.yaml and .dvc file below it is read, and they share
 * one graph, wherever in it the user stands. With -f it is the folder of the file; for a dvc.yaml, it is looked for
 * from there, for DVC's files alone. STATUS_LOCKED for a writer if another run has the workspace.
 */
enum status project_open(const struct project_options *options, struct project **out, struct error *err);
void project_close(struct project *project); /* NULL is fine */

/*
 * What a word of the command line names, as the graph calls it: stages of a dvc.yaml as DVC addresses them, from where
 * the user stands (`train`, `../dvc.yaml:train`, `data.csv.dvc`), and names as they are; anything else is a path. *file
 * is true for a whole dvc.yaml. In `arena`.
 */
enum status project_target(const struct project *project, struct arena *arena, struct str word, struct str *out,
                           bool *file, struct error *err);

/* Open the store if it is not open yet. A reader where there is no store gets STATUS_OK and project->store NULL. */
enum status project_open_store(struct project *project, struct error *err);

/* The history of the workspace. What is not there is empty for a reader, and made for others. To be closed. */
enum status project_open_history(struct project *project, bool read_only, struct history **out, struct error *err);

/* A section of the manifest, `expect` or `gates`, with values for its templates; NULL = it has none. The project may be
 * bare: STATUS_NOT_FOUND where there is no manifest. In `arena`. */
enum status project_read_section(struct project *project, struct arena *arena, struct str name,
                                 const struct value **out, struct error *err);

/* Only what `config`, `store` and `init` need: the root and the configuration; no manifest is required. */
enum status project_open_bare(const struct project_options *options, struct project **out, struct error *err);

/* ---- running ---- */

struct run_options {
    struct graph_selection_options selection;
    bool force;  /* execute every selected stage, whatever is known */
    bool locked; /* fail (exit 1) if refit.lock would change, and do not write it */
};

/* Run, in a project that was opened by a writer. Stages that fail are in the summary (exit_status), not in the status.
 * An error that ended a run that had begun is in both: the summary was reported, and its exit_status counts. */
enum status run_execute(struct project *project, const struct run_options *options, struct report *report,
                        struct report_summary *summary, struct error *err);

/* Why a pass of a gate does not count by itself: the evaluation that it rests on is not that of the protected branch.
 * "" = it is, or there is no such branch. Writes nothing, runs nothing. In `arena`. */
struct gate_trust;
enum status run_gate_altered(struct project *project, struct arena *arena, struct str gate,
                             const struct gate_trust *trust, struct str *altered, struct error *err);

/* ---- planning: what a run would do; writes nothing, runs nothing ---- */

enum verdict {
    VERDICT_UNSELECTED,
    VERDICT_FRESH,
    VERDICT_RESTORE, /* would restore */
    VERDICT_RUN,     /* would run */
    VERDICT_MAYBE,   /* may run: depends on what something upstream will produce */
    VERDICT_BLOCKED, /* held back by a check */
    VERDICT_FAIL,    /* would fail: an input is missing, ... (reason says what) */
    VERDICT_SKIP,    /* would be skipped: it follows one of the last two */
    VERDICT_COUNT
};
/* "fresh", "would restore", "would run", "may run", "blocked", "would fail", "skipped" */
const char *verdict_name(enum verdict verdict);

struct stage_plan {
    enum verdict verdict;
    struct str reason;    /* one line */
    struct str remark;    /* what a check found, unless it passed; "" = nothing */
    struct fields fields; /* none for VERDICT_FAIL; for VERDICT_MAYBE of what is there now, if that is known */
    struct digest key;
    int exit_status; /* of FAIL, BLOCKED and checks with such a verdict: what a run would end with */
    bool pending; /* its last attempt awaits `accept` */
    bool running; /* another process is running it now */
};

/* One plan for each stage of the graph, in `arena`. */
enum status run_plan(struct project *project, const struct run_options *options, struct arena *arena,
                     struct stage_plan **plans, struct error *err);

/* ---- refit.lock ---- */

struct lock_stage {
    struct str name;
    struct digest key;
    struct fields fields;    /* what it was built from */
    struct record_out *outs; /* what it produced */
    uint32_t out_count;
    struct fields found;     /* what its depfile named of the project; FIELD_FOUND, by name */
};

struct lock {
    struct lock_stage *stages; /* sorted by name */
    uint32_t stage_count;
    struct digest text; /* of the file that it was loaded from */
};

/* STATUS_MANIFEST, with the line, if it is malformed (git's conflict markers are recognised). No file gives an
 * empty one. */
enum status lock_load(struct arena *arena, struct lock *out, struct error *err);
enum status lock_parse(struct arena *arena, struct str text, struct lock *out, struct error *err);
void lock_print(const struct lock *lock, struct buf *out);
const struct lock_stage *lock_find(const struct lock *lock, struct str name);

/* ---- the history ---- */

/* What refit.lock said after the run of that number. */
enum status history_get_lock(struct history *history, uint64_t number, struct arena *arena, struct lock *out,
                             struct error *err);

/* The values of all metrics after that run, sorted by path and name. */
enum status history_get_values(struct history *history, uint64_t number, struct arena *arena,
                               struct history_metric **out, uint32_t *count, struct error *err);

/* Keep the outs of a run from gc, or let them go again. *lacking is the number of outs that the store does not have.
 * The history must be open for writing; STATUS_LOCKED says that a run is at work. */
enum status run_pin(struct project *project, struct history *history, const struct history_run *run, bool pinned,
                    uint32_t *lacking, struct error *err);

/* Forget a run, and that it was pinned. What refit.lock names stays, as do the runs around it. */
enum status run_forget(struct project *project, struct history *history, const struct history_run *run,
                       struct error *err);

/* ---- metrics ---- */

/* The values in a metric's file: of the kinds that parameters have, the document; of any other, its first line. */
enum status metric_parse(struct arena *arena, struct str path, struct str text, const struct manifest_reader *reader,
                         struct value **out, struct error *err);

/* Calls `each` for every scalar and list, with its dotted name. */
typedef void (*metric_value_fn)(void *ctx, struct str name, const struct value *value);
void metric_flatten(struct arena *arena, const struct value *value, metric_value_fn each, void *ctx);

/* ---- comparing ---- */

enum picture_kind { PICTURE_WORKSPACE, PICTURE_RUN, PICTURE_REVISION };

/* What all stages were made from, and what they made: after a run, as of a revision, or here and now. */
struct picture {
    enum picture_kind kind;
    struct str name;   /* of the run, the revision; "workspace" */
    struct str commit; /* revision: its id; run: that of the commit that was checked out, "" = none */
    struct lock lock;
    struct str *notes; /* workspace: what a run would do with each of lock.stages, and why; "" = nothing */
    struct history_metric *values; /* run: those of its metrics */
    uint32_t value_count;
};

enum status picture_of_run(struct history *history, const struct history_run *run, struct arena *arena,
                           struct picture *out, struct error *err);
/* STATUS_NOT_FOUND if there is no such revision, or it has no refit.lock. */
enum status picture_of_revision(struct project *project, const char *revision, struct picture *out, struct error *err);
/* As a plan sees it, with the outs that are there. Of a stage whose inputs cannot be read, and of a frozen one, what
 * refit.lock says it was made from; a frozen one or a deploy that refit.lock does not name is left out. */
enum status picture_of_workspace(struct project *project, struct arena *arena, struct picture *out, struct error *err);

/* The file at a path as a build made it, for a gate to compare with: *place is where it was put, below
 * .refit/baselines, named by its digest. *lacking says in words why it cannot be had; "" = it is there. In `arena`. */
enum status run_baseline_file(struct project *project, struct arena *arena, const struct picture *picture,
                              struct str path, struct str *place, struct str *lacking, struct error *err);
/* Put what belongs at such a place there again, if the store has it; any other path is left alone. */
enum status run_baseline_bring(struct project *project, struct arena *arena, struct str place, struct error *err);

/* Of two things, NULL or "" where there is none. Of dep and out that are folders, the files in them that differ, at
 * most PATH_CHANGES_MAX, if store, workspace or (for a dep) the commit have the folder exactly as it was. */
#define PATH_CHANGES_MAX 20
struct path_change {
    struct str path; /* in the folder */
    bool was, is;
};

struct path_changes {
    struct path_change *items;
    uint32_t count, more; /* more: that are not told */
    struct str unknown;   /* why they are not known; "" = they are */
};

struct field_difference {
    const struct field *old, *now;
    struct str maker; /* dep: the stage that makes it */
    struct path_changes files;
};

struct out_difference {
    struct str path;
    const struct record_out *old, *now;
    bool lacks_old, lacks_now;    /* the store does not have it */
    bool compared;                /* overlap says something */
    struct store_overlap overlap; /* of the new one with the old one */
    struct path_changes files;
};

struct metric_difference {
    struct str path, name;
    struct str old, now; /* canonical */
    bool is_number;      /* both are */
    double change;
    struct str fault;    /* why values of this file cannot be had; then the rest is empty */
};

struct stage_difference {
    struct str name, note; /* as of the new picture */
    struct str before;     /* what it was called in the old one; "" = the same */
    uint32_t place;    /* in the graph's order */
    bool was, is;
    bool undetermined; /* made from the same, and not the same */
    bool found_unknown; /* what its depfile named is not known of both */
    struct field_difference *fields; /* of what it was built from and of what was found */
    struct out_difference *outs;
    struct metric_difference *metrics;
    uint32_t field_count, out_count, metric_count;
};

/* The stages that differ, in the order of the graph; those that it does not have last, by name; behind them one called
 * "" with the metrics of the top level that no stage makes by themselves. Opens the store. A metric is what the
 * manifest or one of the pictures calls so. */
enum status run_compare(struct project *project, const struct picture *old, const struct picture *now,
                        struct arena *arena, struct stage_difference **out, uint32_t *count, struct error *err);

/* ---- other commands ---- */

/* Record what a stage left behind whose inputs changed while it ran. STATUS_USAGE if nothing waits, or its outs
 * changed since. */
enum status run_accept(struct project *project, struct str stage, struct report *report, struct error *err);

struct restore_counts {
    uint32_t restored, fresh;
};

/* Bring back outs as refit.lock has them, that of a revision if one is named (NULL = the one here): those of the
 * targets (stage names or paths at, above or below outs; none = all that are still declared). What is in the way and
 * not in the store is moved to rescue first. STATUS_STORE if the store lacks one. */
enum status run_restore(struct project *project, const char *revision, const struct str *targets, uint32_t count,
                        struct report *report, struct restore_counts *counts, struct error *err);

/* ---- past builds ---- */

struct reproduce_options {
    const char *revision; /* as git names it; NULL = a run is wanted */
    const struct history_run *run; /* then this one, at the commit that it recorded */
    const struct lock *lock;       /* and its picture, which counts instead of what that commit has in refit.lock */
    const char *into;     /* a folder; NULL = .refit/reproduce/ID */
    bool rerun;           /* execute every stage, instead of taking outs from the store */
    const struct config_source *config_overrides; /* as in struct project_options */
    uint32_t override_count;
};

enum reproduced {
    REPRODUCED_IDENTICAL,
    REPRODUCED_DIFFERENT,
    REPRODUCED_NOT,         /* it cannot be told */
    REPRODUCED_PASSED_OVER, /* a deploy stage: never executed */
};
const char *reproduced_name(enum reproduced result); /* "identical", "different", ... */

/* What came of a stage. */
struct reproduced_stage {
    struct str name;
    enum reproduced result;
    bool ran;           /* its outs were made anew, or should have been */
    bool had;           /* its outs were taken from the store, since it cannot be executed */
    struct str reason;  /* one line; "" = none */
    struct str *lines;  /* what differs, a line each */
    uint32_t line_count;
};

/* What a copy of a project lacks. */
struct lacking {
    struct str path;
    struct str reason;
};

/* A revision, or the commit of a run, in a folder of its own. */
struct reproduction {
    struct project *project; /* the copy; the process is in it */
    struct str name;         /* the revision, or "run ID" */
    struct str commit;       /* its id */
    struct str folder;       /* where all of it is, absolute */
    struct lock lock;        /* what that commit's refit.lock says, or the run's picture */
    struct lacking *lacks;   /* sources that cannot be had back, submodules, ... */
    uint32_t lack_count;
    struct reproduced_stage *stages; /* in the order of the graph; by run_reproduce() */
    uint32_t stage_count;
    struct copying *copying; /* of run/copy.h */
    struct table sources;    /* that are in the workspace what they were */
    struct arena *arena;     /* of the project that was copied */
};

/*
 * Materialise a commit of the project in a folder of its own, with nothing but that folder written to, and open it
 * there as a writer. Of a run, the folder gets its picture as refit.lock. `here` was opened bare; the working directory
 * is the copy's afterwards. STATUS_NOT_FOUND for a revision that is not there, or has no refit.lock, and for a run
 * without a commit; STATUS_LOCKED if another process is at work in the folder; STATUS_USAGE for a folder that has
 * something else in it, or that somebody has changed something in since it was made. To be closed also after failure.
 */
enum status reproduce_open(struct project *here, const struct reproduce_options *options, struct reproduction *out,
                           struct error *err);

/* Put the recorded sources there, then take outs from the store or execute the stages, and compare each with what
 * refit.lock says. `targets` are those of the copy; none = every stage. */
enum status reproduce_run(struct reproduction *r, const struct reproduce_options *options, const struct str *targets,
                          uint32_t count, struct report *report, struct error *err);
void reproduce_close(struct reproduction *r);

/* Execute a stage twice, each time in a folder with what it declares to read, and compare what it made. `here` was
 * opened as a reader; the working directory is another one afterwards. STATUS_USAGE for a deploy stage. */
enum status run_check_determinism(struct project *here, struct str stage, struct arena *arena, struct report *report,
                                  struct reproduced_stage *out, struct error *err);

/* ---- carrying results elsewhere ---- */

/* What of data sets an export carries besides records: what the store has of what these stages of `lock` read (none =
 * all), and with `past` of what any run did, or any workspace published. The store must be open. In the project's
 * arena. */
enum status carried_find(struct project *project, const struct lock *lock, const struct str *stages,
                         uint32_t stage_count, bool past, struct record_out **out, uint32_t *count, struct error *err);

/* After an import: publish what refit.lock names, data sets included, as a run would, or the next gc would take what no
 * record names. Nothing where there is no refit.lock. */
enum status carried_keep(struct project *project, struct error *err);

/* ---- from DVC to refit ---- */

struct migrate_options {
    bool dry_run; /* write nothing */
};

/* What of DVC's lock files was, or would be, recorded for a stage. */
struct migrated_stage {
    struct str name, was; /* in refit.yaml, and as DVC addresses it */
    bool taken;           /* it is recorded, and fresh, or can be restored */
    struct str reason;    /* why not; "" = there is nothing to record */
};

struct migrate_result {
    struct str text;      /* of refit.yaml */
    uint32_t written_out; /* so many dvc.yaml are not there as they were written, but what their stages come to */
    struct str ignored;   /* the text of .refitignore; "" = there is nothing to ignore */
    bool ignore_there;    /* there is a .refitignore already: the patterns are to be added by hand */
    uint32_t files;       /* dvc.yaml that there were */
    struct migrated_stage *stages; /* in the order of the manifest */
    uint32_t stage_count;
};

/*
 * Make a refit.yaml of a project of DVC, which must have been opened as such, and take over what dvc.lock records: outs
 * that it has by their MD5, from the workspace or from DVC's cache, into the store, with a record for each stage whose
 * command, deps and parameters are those of dvc.lock. refit.yaml is written last. STATUS_USAGE if there is one. The
 * project is refit's afterwards.
 */
enum status run_migrate(struct project *project, const struct migrate_options *options, struct arena *arena,
                        struct migrate_result *out, struct error *err);

/* ---- gc ---- */

enum workspace_state {
    WORKSPACE_READ,      /* looked at: its roots are as they are now */
    WORKSPACE_GONE,      /* its folder is not there any more: what it published stays */
    WORKSPACE_ELSEWHERE, /* on another host: what it published stays */
    WORKSPACE_FORGOTTEN, /* what it published is let go, as it was asked */
};

struct gc_workspace {
    struct str host, path;
    enum workspace_state state;
    uint32_t refs;  /* versions of refit.lock */
    uint32_t roots; /* results that they name */
    int64_t seen_ms; /* when it published last, since the epoch; 0 = never */
};

struct gc_options {
    uint64_t budget_bytes; /* UINT64_MAX = none */
    bool dry_run;
    bool compact; /* if it is worth it */
    bool rescue;  /* remove what was rescued, and kept of attempts, too */
    bool reproduced; /* remove folders of past builds, too, that nobody has changed anything in */
    const char *forget; /* a workspace that is gone for good; NULL = none */
    const char *forget_host; /* where that was; NULL = on this host */
    uint64_t forget_unseen_ms; /* those that cannot be looked at and have published nothing for so long; 0 = none */
    void (*warn)(void *ctx, struct str text);
    void *ctx;
};

struct gc_result {
    struct store_collect_counts counts;
    struct gc_workspace *workspaces; /* by path */
    uint32_t workspace_count;
    bool compacted;          /* it was tried, and `compaction` says what came of it */
    enum compaction compaction;
    uint64_t file_bytes;     /* of the store, in the end */
    uint64_t rescue_bytes, attempt_bytes; /* what was rescued, and kept of attempts, here */
    uint32_t reproduced_folders, removed_folders; /* of past builds, here: that there were, and that were removed */
    uint64_t reproduced_bytes, removed_bytes; /* in them */
    uint64_t baseline_bytes, removed_baseline_bytes; /* of past builds, for gates: there were, and were removed */
    uint64_t forgotten_files; /* that were gone, and that the stat cache here still knew */
};

/* Collect what the store holds beyond its budget; roots are those of every workspace that uses it. STATUS_USAGE if the
 * workspace to forget is not known. project->store is closed afterwards. */
enum status run_gc(struct project *project, const struct gc_options *options, struct gc_result *out, struct error *err);

/* A stage's name as that of a file: `/` and `%` as %2F and %25; too long a one is cut, with its digest behind it. */
struct str run_file_name(struct arena *arena, struct str stage);

/* Where a stage's log is: ".refit/logs/NAME.log", in `arena`. */
struct str run_log_path(struct arena *arena, struct str stage);

#endif
