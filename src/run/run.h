/*
 * Shared by the files of this module.
 *
 * One `struct run` a run; one `struct stage_run` a stage. Everything belongs to the thread of the loop, but for jobs:
 * a job gets what it needs, works on a thread of the pool with an arena of its own, and is read when it is done.
 */
#ifndef REFIT_RUN_PRIVATE_H
#define REFIT_RUN_PRIVATE_H

#include <uv.h>

#include "refit/execute.h"
#include "refit/run.h"
#include "refit/vcs.h"

/* Bytes that may be read on the loop's thread, so that small files cost no trip to the pool. */
#define INLINE_BYTES (256u << 10)

/* Above this size an out with `cache: false` is not stored, only digested. */
#define UNCACHED_BYTES_MAX (64ull << 20)

/* ---- checking: what has to be done with a stage (check.c) ---- */

enum check_outcome {
    CHECK_FRESH,
    CHECK_RESTORE, /* `record` is to be restored */
    CHECK_EXECUTE,
    CHECK_FAILED,  /* an input is missing or cannot be digested */
    CHECK_UNKNOWN, /* planning only: depends on what something upstream will produce, or on tools not asked yet */
    CHECK_READ,    /* more than the budget has to be read first: `unread` */
};

enum unread_work {
    UNREAD_DIGEST,
    UNREAD_SUM,   /* the SHA-256 of a data set is wanted */
    UNREAD_FETCH, /* a data set is missing, and has a URL */
};

/* What has to be read, or to be got, before a check can say more. */
struct unread {
    struct str path;
    enum unread_work work;
    enum digest_mode mode;
    bool keep; /* in the store, from the same read */
    const struct manifest_data *set; /* UNREAD_SUM and UNREAD_FETCH; otherwise NULL */
    struct digest *known;            /* UNREAD_FETCH: what its content may be, for the store */
    uint32_t known_count;
    bool stored;      /* set by the job: it came from the store */
    struct str fault; /* set by the job: why it could not be got or read; "" = it was */
    int exit_status;  /* then */
};

struct check {
    enum check_outcome outcome;
    int exit_status;         /* CHECK_FAILED: 1, or 2 for a fault in manifest or parameters */
    struct input *inputs;    /* one for each dep */
    struct fields fields;
    struct digest key;
    bool has_key;
    struct stage_memory memory;
    bool has_memory;
    bool by_memory;          /* fresh, and what the state remembers is still right */
    bool kept_anew;          /* the store was looked into, and has it (again) */
    struct record *record;   /* FRESH by a record, RESTORE */
    struct str reason;
    struct str out_changed;   /* an out that is not as it was made; "" = none */
    bool out_missing;         /* it is not there at all */
    struct str found_changed; /* a discovered input that is no longer what it was; "" = none */
    struct unread *unread;
    uint32_t unread_count;
    uint64_t unread_bytes;
};

struct check_context {
    struct project *project;
    struct arena *arena;
    uint64_t budget_bytes;
    bool force;
    bool planning;             /* the state's tools are used; nothing is opened for writing */
    const struct lock *lock;   /* loaded when first needed, through load_lock() */
    struct lock loaded;
    /* Planning: what a restored upstream stage will have put there. NULL = it is on disk. */
    const struct record_out *(*overlay)(void *ctx, struct str path);
    void *overlay_ctx;
    struct standing *standing; /* told of all that is looked at; NULL = nobody asks */
    const struct fetches *fetches; /* how getting data sets ended in this run; NULL when planning */
};

enum status check_stage(struct check_context *c, struct stage_id stage, struct check *out, struct error *err);
/* The first half of it: inputs, fields and key (if has_key), no decision. */
enum status check_fields(struct check_context *c, struct stage_id id, struct check *out, struct error *err);
/* The digest of a dep (links.c). *refusal is set, and says why, if it is a link, or a directory with a link, to what is
 * made by a stage that does not come before this one. */
enum status links_digest_dep(struct check_context *c, struct stage_id id, struct str path, uint64_t budget_bytes,
                             struct input *input, bool *complete, struct str *refusal, struct error *err);

/* The same for deps on whose way a folder is a link. */
enum status links_check_ways(struct check_context *c, struct stage_id id, struct str *refusal, struct error *err);

/* What a dep was, from its field in refit.lock: kind and digest, links followed. False if it cannot be read. */
bool source_parse(const struct field *dep, struct record_out *out);

/* What a check that cannot be decided yet wants read, and how one ends that says no: with a reason, or with an error
 * that ends the run (check_inputs.c). */
void check_want_read(struct check_context *c, struct check *out, struct str path, enum digest_mode mode, bool keep,
                     uint64_t bytes);
void check_fail(struct check *out, int exit_status, struct str reason);
enum status check_fail_or_pass(struct check_context *c, struct check *out, const struct error *why, struct error *err);
/* The outs of a .dvc file (check_dvc.c): there, whatever they are, or to be had from DVC's cache. */
enum status check_dvc_data(struct check_context *c, const struct manifest_stage *stage, struct check *out,
                           struct error *err);

/* ---- data sets with a SHA-256 (dataset.c), and getting them (fetch.c) ---- */

/* Is what a dep has of them as declared? *settled is true if that ends the matter for now: it is not, or that cannot be
 * told before something is read or got. */
enum status dataset_check(struct check_context *c, struct str dep, struct check *out, bool *settled, struct error *err);

/* Is an input that was found while running as declared? *fault says why not. On any thread. */
enum status dataset_check_found(struct project *project, struct arena *arena, struct str path,
                                const struct input *input, struct str *fault, struct error *err);

/* Find the SHA-256 of what is there, and remember it. On any thread. */
enum status dataset_sum(struct project *project, struct arena *arena, const struct manifest_data *set,
                        struct error *err);

/* Put one that is missing in its place: from the store if it has one of the `known` contents and that is the declared
 * one (*stored), otherwise from its URL. STATUS_NETWORK if what is declared is not to be had there. The workspace must
 * be held, and the store be open. On any thread. */
enum status fetch_set(struct project *project, struct arena *arena, const struct manifest_data *set,
                      const struct digest *known, uint32_t count, bool *stored, struct error *err);

/* Of a run: each is got, and its SHA-256 found, by one stage at a time. */
struct fetches {
    struct fetch {
        const struct manifest_data *set;
        bool busy;
        struct str fault; /* "" = it went well */
        int exit_status;
    } *items; /* malloc'd */
    uint32_t count, cap;
    struct stage_run **waiting; /* for another stage that is at work on what they want; malloc'd */
    uint32_t waiting_count, waiting_cap;
};
bool fetches_are_busy(const struct fetches *fetches, const struct check *check);
/* True if the project is about to be changed. */
bool fetches_begin(struct fetches *fetches, const struct check *check);
void fetches_end(struct fetches *fetches, struct arena *arena, const struct check *check);
void fetches_finish(struct fetches *fetches);

bool check_has_persist(const struct manifest_stage *stage);

/* Why a stage that is not frozen is executed whatever its inputs are; NULL = that depends. */
const char *check_must_execute(const struct check_context *c, const struct manifest_stage *stage);
enum status check_load_lock(struct check_context *c, struct error *err);

/* Is everything in the store that restoring a record needs? */
enum status check_all_stored(struct check_context *c, const struct record *record, bool *stored, struct error *err);

/* What is on disk (check_inputs.c). CHECK_READ's fields are filled where that cannot be told within the budget. */

/* The digests of a stage's deps. *out ends the check if one of them is missing or cannot be read. */
enum status check_deps(struct check_context *c, struct stage_id id, struct check *out, struct error *err);

/* Are the inputs that an execution discovered what they were? */
enum status check_found(struct check_context *c, const struct record_input *found, uint32_t count, struct check *out,
                        bool *same, struct error *err);

/* Are the outs on disk those of a list? */
enum status check_outs(struct check_context *c, const struct record_out *outs, uint32_t count, struct check *out,
                       bool *same, struct error *err);

/* ---- the standing of the workspace (standing.c): everything was fresh, and is as it was ---- */

struct run;
struct standing *standing_create(void);
void standing_destroy(struct standing *standing); /* NULL is fine */
/* A path was looked at, and all of it is known. */
void standing_look(struct standing *standing, struct str path, enum digest_mode mode, const struct input *input);
/* What was looked at cannot be told by its stats; NULL is fine. */
void standing_spoil(struct standing *standing);
/* Leave it in the state, if the run found every stage fresh and that can be told again. */
void standing_keep(struct run *run);
/* Does it still hold? Then so many stages are fresh. */
enum status standing_holds(struct project *project, uint32_t *fresh, bool *holds, struct error *err);

/* ---- making room (clear.c): removing outs without losing anything ---- */

struct clearing {
    struct project *project;
    struct arena *arena;
    struct str run_id;
    struct str stage;
    const struct record_out *known; /* outs that refit made and that were not to be kept: may be removed */
    uint32_t known_count;
    struct str *rescued;            /* malloc'd: where things were moved */
    uint32_t rescued_count, rescued_cap;
};
enum status clear_out(struct clearing *c, struct str path, struct error *err);
/* Move away the outs of an attempt without a record; with `as_left` only those that still are as `known` has them. */
enum status clear_attempt(struct clearing *c, const struct manifest_stage *stage, bool as_left, struct error *err);
void clear_finish(struct clearing *c);

/* ---- restoring (restore.c) ---- */

struct restore_progress {
    void (*progress)(void *ctx, uint64_t bytes);
    void (*announce)(void *ctx, uint64_t bytes); /* to come; NULL = the caller knows */
    void *ctx;
};
enum status restore_out(struct clearing *c, const struct record_out *out, const struct restore_progress *progress,
                        struct error *err);

/* ---- temporaries (temporary.c) ---- */

/* Where what belongs at `path` is put together, to be renamed; its folder may have to be made. */
struct str temporary_place(struct arena *arena, struct str path);
/* Remove what a killed run left in these places. */
enum status temporary_clean(struct project *project, struct arena *arena, struct error *err);

/* ---- after a command (finish.c) ---- */

struct finish_request {
    struct project *project;
    const struct graph *graph;
    struct stage_id stage;
    const struct input *inputs;
    struct digest key;
    int64_t started_ns; /* the clock that stamps files, when the command began */
    uint64_t duration_ms;
    struct str log_path;
    struct str changed; /* what the caller knows to have changed while running; "" = nothing */
    bool keep_record;   /* false for a deploy */
    bool accepting;     /* `refit accept`: inputs may have changed, and `found` is what the execution found */
    struct record_input *found;
    uint32_t found_count;
    struct restore_progress progress;
};

struct finish_result {
    bool ok;             /* a record was put */
    bool changed;        /* an input changed while running: outs are described, no record was put */
    struct str reason;   /* why not ok */
    struct record_out *outs;
    uint32_t out_count;
    struct record_input *found;
    uint32_t found_count;
};
enum status finish_stage(const struct finish_request *request, struct arena *arena, struct finish_result *out,
                         struct error *err);
void outs_sort(struct record_out *outs, uint32_t count); /* by path, as records and refit.lock have them */
/* Put the log of a command; zero if it left none. */
enum status finish_put_log(struct store *store, struct str path, struct digest *digest, struct error *err);
/* Look at one out as it is now, storing it if it is to be stored. */
enum status finish_out(const struct finish_request *request, struct arena *arena, const struct manifest_out *declared,
                       struct record_out *out, bool *produced, struct error *err);

/* ---- the workspace (workspace.c) ---- */

struct workspace_lock {
    int fd;       /* inherited by commands */
    int alive_fd; /* never */
    bool noted;   /* .refit/lock says that it is this process */
    bool stale;   /* .refit/lock says that a run was killed, and this one has not acted on it */
    struct str *left; /* then: stages that it was executing, or had executed and did not get to remember */
    uint32_t left_count;
    struct str ended; /* what an earlier run had left alive, and was ended: stages with pids; "" = nothing */
};
/* Make .refit and its .gitignore. */
enum status workspace_prepare(struct error *err);
/* Take the lock, ending processes that a killed run left behind. Writes nothing: what it left is known until somebody
 * who has acted on it calls workspace_begin(). */
enum status workspace_lock(struct project *project, bool wait, struct workspace_lock *lock, struct error *err);
/* From now on a kill leaves something: say who is at work, unless that was said. */
enum status workspace_begin(struct workspace_lock *lock, struct error *err);
/* Note that a stage was started ('+'), has ended ('-'), or is remembered by the state ('='). */
enum status workspace_note(struct workspace_lock *lock, char what, struct str stage, struct error *err);
/* All that was begun is durable: a kill from here on leaves nothing. */
void workspace_settle(struct workspace_lock *lock);
/* Keep runs out for a moment: *fd is -1 if one is at work. To be closed. */
enum status workspace_claim(int *fd, struct error *err);

/* Have the workspace in this folder, which is another one, to oneself, so that it can be removed. *lock is to be
 * unlocked if it was *claimed; it is not where a run, or anything that one left behind, is at work. */
enum status workspace_claim_other(struct arena *arena, struct str root, struct workspace_lock *lock, bool *claimed,
                                  struct error *err);

/* Is a run, or another writer, at work in the workspace in this folder? Yes, if that cannot be told. Not to be asked of
 * one's own: closing the file gives this process's lock back. */
bool workspace_is_held(struct arena *arena, struct str root);
void workspace_unlock(struct workspace_lock *lock); /* NULL is fine */
/* The pid of the run that holds the workspace now, or 0; names of the stages that it executes in `running`. */
int workspace_holder(struct arena *arena, struct str **running, uint32_t *count);
struct str workspace_id(struct arena *arena, struct str root);

/* Act on what a killed run left, durably, and tell of it (left.c). To be called before anything is changed in a
 * workspace that is held, and before its state is asked about stages. */
enum status take_over(struct project *project, struct report *report, struct error *err);

/* For $REFIT: so that a command can call the program that runs it, as make's commands call $(MAKE). In `arena`. */
struct str run_own_path(struct arena *arena);

/* ---- tools (tools.c) ---- */

/* Run every tool command of the selected stages, and remember what they print. */
enum status tools_ask(struct project *project, const bool *selected, struct error *err);
/* For readers: what the tools of the selected stages printed last time; what was never asked stays unknown. */
enum status tools_recall(struct project *project, const bool *selected, struct error *err);

/* ---- DVC's files (discover.c) ---- */

/* Those that declare the project, at least one: project->sources. What .dvcignore says counts from now on. */
enum status discover_sources(struct project *project, struct error *err);

/* ---- parameter files that Python reads (convert.c) ---- */

/* manifest_reader's `convert`; ctx is the project. */
enum status convert_params(void *ctx, struct arena *arena, struct str path, struct str text, struct str *yaml,
                           struct error *err);

/* ---- durations (durations.c): how long each stage took last time, in one value of the state ---- */

struct durations {
    struct arena arena;
    struct table index; /* name → index */
    struct str *names;
    uint64_t *ms;
    uint32_t count, cap, ms_cap;
    bool changed;
};
enum status durations_load(struct project *project, struct durations *out, struct error *err);
uint64_t durations_get(const struct durations *d, struct str stage); /* 0 = unknown */
void durations_set(struct durations *d, struct str stage, uint64_t ms);
void durations_save(struct project *project, struct durations *d);
void durations_finish(struct durations *d);

/* ---- metrics (record.c) ---- */

/* Larger files of metrics are outs like others. */
#define METRIC_BYTES_MAX (1u << 20)

/* The bytes of an out, in `arena`, from where it is, or from the store if it is not there as it was made. False for
 * what cannot be had, or is no metric by its kind or size. */
bool metric_read(struct project *p, struct arena *arena, const struct record_out *out, struct str *text);

/* ---- refit.lock ---- */

#define LOCK_FILE "refit.lock"

/* What the state notes of an attempt that failed and whose outs are still in their place. */
#define LEFT_IN_PLACE "in place"

/* What the state keeps of the fields of an attempt that awaits accepting. */
void fields_encode(const struct fields *fields, struct buf *out);
bool fields_decode(struct arena *arena, struct str bytes, struct fields *out);

/* What was discovered, as refit.lock keeps it: absolute paths are of one machine and left out. */
struct fields fields_of_found(struct arena *arena, const struct record_input *found, uint32_t count);
/* Take what was found out of the fields, which are sorted. */
void fields_split_found(struct fields *fields, struct fields *found);

void lock_sort(struct lock *lock); /* its stages by name */

/* A new refit.lock: what `news` says of a stage, or else what the old one said. Stages that are no longer declared are
 * dropped. */
struct lock lock_merge(struct arena *arena, const struct graph *graph, const struct lock *old,
                       const struct lock_stage *(*news)(void *ctx, uint32_t stage), void *ctx);
/* Write it if its bytes differ (`changed`), unless `dry`; remember in the state that it is current if it is `whole`: if
 * it says of every stage what the state remembers. */
enum status lock_save(struct project *project, const struct lock *lock, bool whole, bool dry, bool *changed,
                      struct error *err);
/* Is refit.lock what this workspace wrote last, for this manifest? */
enum status lock_is_current(struct project *project, bool *current, struct error *err);
/* Load it again if it is not the file any more that it was loaded from. */
enum status lock_follow(struct arena *arena, struct lock *lock, struct error *err);
/* The state remembers more than refit.lock says. */
void lock_forget(struct project *project);

/* ---- the project's state ---- */

enum status project_open_state(struct project *project, struct error *err);

/* Take the workspace's lock, as a writer does when it is opened. */
enum status project_hold(struct project *project, bool wait, struct error *err);

/* Folders of `refit reproduce` below .refit/reproduce: counted, and removed if that is wanted, and nobody has changed
 * anything in them (copied.c). */
enum status copies_clean(struct project *project, const struct gc_options *options, struct gc_result *out,
                         struct error *err);

/* The files of past builds that gates were compared with: those that the store can give again go, if that is asked
 * for; p->store is open (baseline.c). */
enum status baselines_clean(struct project *project, const struct gc_options *options, struct gc_result *out,
                            struct error *err);

/* The names in a folder, sorted, in `arena`; the array is malloc'd (copied.c). */
enum status folder_names(struct arena *arena, const char *place, struct str **names, uint32_t *count,
                         struct error *err);

/* The bytes of the files below a folder; what cannot be read counts for nothing (gc.c). */
uint64_t folder_bytes(const char *path);

/* Make the stat cache forget files that are gone (prune.c). */
enum status prune_stat_cache(struct project *project, uint64_t *forgotten, struct error *err);

/* ---- what gc must leave (roots.c) ---- */

/* The roots of a refit.lock, published with the next flush. */
enum status roots_publish(struct project *project, const struct lock *lock, struct error *err);

/* The same without a manifest: of data sets, what the store has. */
enum status roots_republish(struct project *project, const struct lock *lock, struct error *err);

/* What refit.lock said after a run, durably, until that is taken back. */
enum status roots_pin(struct project *project, struct str run, const struct lock *lock, struct error *err);
enum status roots_unpin(struct project *project, struct str run, struct error *err);
/* The same as a ref, which the store may know or not. */
enum status roots_of_pin(struct project *project, struct str run, const struct lock *lock, struct store_ref *out,
                         struct error *err);

/* Publish, durably, what of the pinned runs the store in use does not know: it may be another one than when they were
 * pinned, or have been told to forget this workspace (pins.c). */
enum status pins_publish(struct project *project, struct history *history, struct error *err);
/* A ref for each pinned run of this workspace; `history` is opened for reading. The store must be open. */
enum status pins_read(struct project *project, struct store_ref **refs, uint32_t *count, struct error *err);

/* All workspaces that use the store, and what must stay for them. */
struct roots {
    struct store_ref *refs;      /* what counts */
    struct store_ref *published; /* of them, what the store does not know yet */
    struct store_ref *dropped;   /* what is published and does not count any more */
    uint32_t count, published_count, dropped_count;
    struct gc_workspace *workspaces;
    uint32_t workspace_count;
    uint64_t sequence; /* of the store when this was read */
};
enum status roots_read(struct project *project, const struct gc_options *options, struct roots *out, struct error *err);

/* ---- what goes into the history (record.c) ---- */

struct recording {
    struct project *project;
    struct report *report;
    struct str id;
    int64_t started_ms, began_ms; /* since the epoch; of the clock for durations */
    struct history_stage *stages; /* that were not fresh; malloc'd */
    uint32_t count, cap;
    bool worth;             /* something was done, or tried */
    bool has_head;          /* git was asked */
    struct vcs_head head;
    struct str fault;       /* why git could not be read; "" = it could */
};
void recording_begin(struct recording *r, struct project *project, struct report *report, struct str id);
void recording_finish(struct recording *r);
/* Ask git, unless that was done: to be called before the first thing that is made, which is made from what is there. */
void recording_see_head(struct recording *r);
/* A stage came to its end. Strings are copied. */
void recording_note(struct recording *r, const struct history_stage *stage);
/* Durably, if it is worth it. `lock` is all that refit.lock says now. */
enum status recording_save(struct recording *r, const struct lock *lock, int exit_status,
                           const uint32_t counts[HISTORY_COUNTERS], struct error *err);

/* ---- verdicts (judge.c) ---- */

struct judgement {
    int exit_status; /* 0: what is held back by the check may go on; 3: it needs an approval; 4: the check failed */
    bool warns;
    bool passing;     /* it may be another one later, though no file has changed */
    struct str text;  /* one line, unless it is a plain pass */
    struct str found; /* what a verdict that needs approval found, for that line */
};

/* What a check's verdict says, as it is on disk, to the stage that it holds back (NULL = to none): a deploy has an
 * environment, and deploys what was judged. A verdict that is not there, or malformed, holds back. */
enum status judge_check(struct project *project, struct arena *arena, const struct manifest_check *check,
                        const struct manifest_stage *held, struct judgement *out, struct error *err);

/* The same for the check itself: the worst for any environment that a deploy behind it goes to. */
enum status judge_own(struct project *project, struct arena *arena, const struct manifest_check *check,
                      struct judgement *out, struct error *err);

/* What is trusted about approvals; read once. */
struct gate_trust;
enum status judge_trust(struct project *project, const struct gate_trust **trust, struct error *err);

/* What the policy asks of a deploy, whatever the graph says (environment.c): the gates of its environment. */
enum status judge_deploy(struct project *project, struct arena *arena, struct stage_id id, struct judgement *out,
                         struct error *err);

void judge_destroy(struct judge *judge); /* NULL is fine */

/* Why the evaluation that a gate rests on is not that of the protected branch (altered.c); "" = it is, or there is no
 * such branch. */
enum status judge_altered(struct project *project, struct arena *arena, const struct manifest_check *check,
                          const struct gate_trust *trust, struct str *altered, struct error *err);

/* The worst of those that hold a stage back. Checks themselves are not held back. */
enum status judge_upstream(struct project *project, struct arena *arena, struct stage_id id, struct judgement *out,
                           struct error *err);

/* ---- the loop ---- */

struct stage_run;

struct run {
    struct project *project;
    const struct run_options *options;
    struct report *report;
    struct str id;
    bool *selected;
    struct schedule *schedule;
    struct stage_run **stages; /* NULL until it is checked, and again once it is known to be fresh */
    struct check_context check;
    struct durations durations;
    struct recording recording;
    struct fetches fetches;
    uv_loop_t loop;
    struct executor *executor;
    uv_poll_t interrupts;
    uv_timer_t grace; /* of the pool's work, after a first interrupt */
    uv_timer_t ticker;
    uv_timer_t keeper; /* until what has ended is made durable; see run_keep() */
    int64_t kept_ms;   /* when that was done last; 0 = never */
    uint32_t jobs_pending;
    unsigned interrupted; /* so many interrupts have been acted on */
    bool lock_current;  /* refit.lock is as this workspace wrote it, for this manifest */
    bool lock_changed;  /* a stage has news for it */
    bool lock_replaced; /* it was current, until somebody put another one there */
    bool is_fatal;      /* the run cannot go on; `error` says why */
    struct error error;
    bool saw_exit[256]; /* exit statuses that apply */
};

enum job_kind { JOB_DIGEST, JOB_RESTORE, JOB_PREPARE, JOB_FINISH };

struct stage_run {
    struct run *run;
    struct stage_id id;
    struct check check;
    struct lock_stage news; /* for refit.lock; name "" = none */
    uint32_t digest_tries, attempts;
    int64_t started_ns; /* the clock that stamps files, when the command began */
    bool params_changed; /* while running */
    bool kept;           /* .refit/lock says that the state remembers how it ended */
    int log_fd;
    char **environment;
    struct execution_options execution;
    struct execution_result result;
    struct job *job; /* what the pool does for it now; NULL = nothing */
};

/* Work on the pool. */
struct job {
    struct stage_run *stage;
    enum job_kind kind;
    uv_work_t work;
    struct arena arena;
    struct clearing clearing;
    struct finish_result finished;
    enum report_work bytes_work;
    uint64_t bytes_left; /* announced to the report, and not done */
    enum status status;
    struct error error;
};

const struct manifest_stage *stage_declared(const struct stage_run *s);

/* Make durable what this run put. Records that a gc took meanwhile, or did not let through, are put again from the outs
 * on disk (again.c). */
enum status run_secure(struct run *run, struct error *err);

/* Remember durably how the stages that have ended did, now or within a second: one of them cannot just be made again if
 * refit is killed (keep.c). */
void run_keep(struct run *run);

void run_job(struct stage_run *s, enum job_kind kind); /* jobs.c */
void run_job_done(struct job *job);                    /* steps.c, like the next three */
void run_check(struct run *run, struct stage_id id);
void run_start(struct run *run, struct stage_id id);
void run_set_fatal(struct run *run, const struct error *err);

/* Ends of a stage (ends.c). What it made, or had made, is remembered in the state and for refit.lock: of fresh and
 * restored ones by their end, of those that ran before it. `reason` stays as long as the run. */
void stage_end(struct stage_run *s, enum stage_state state, struct str reason, bool with_log, int exit_code);
void stage_end_fresh(struct stage_run *s);
void stage_end_restored(struct stage_run *s);
void stage_remember(struct stage_run *s, const struct record_out *outs, uint32_t out_count,
                    const struct record_input *found, uint32_t found_count, uint64_t duration_ms);
void run_failed(struct stage_run *s, int exit_status, struct str reason);
void run_report_skipped(struct run *run); /* stages that the schedule passed over */
/* Act on interrupts that have come. */
void run_notice_interrupts(struct run *run);
/* Call on every interrupt from the loop. The handle is closed by the caller. */
void watch_interrupts(uv_loop_t *loop, uv_poll_t *handle, uv_poll_cb call);
bool start_command(struct stage_run *s, execution_done done); /* start.c; false if it failed, and that was reported */
void start_finish(struct stage_run *s);                       /* frees what start_command made */
struct str log_tail(struct arena *arena, struct str path);

struct str run_make_id(struct arena *arena);
const char *stage_origin(struct arena *arena, struct project *project);

#endif
