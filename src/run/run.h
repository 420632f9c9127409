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
#include "run/check.h"
#include "run/kept.h"

/* Above this size an out with `cache: false` is not stored, only digested. */
#define UNCACHED_BYTES_MAX (64ull << 20)

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

/* ---- verdicts (judge.c) ---- */

struct judged_model {
    struct str path, sha256;
};

struct judgement {
    int exit_status; /* 0: what is held back by the check may go on; 3: it needs an approval; 4: the check failed */
    bool warns;
    bool passing;     /* it may be another one later, though no file has changed */
    struct str text;  /* one line, unless it is a plain pass */
    struct str found; /* what a verdict that needs approval found, for that line */
    struct judged_model *models; /* in the arena: to a deploy that may go on, those that it may take */
    uint32_t model_count;
};

/* What a check's verdict says, as it is on disk, to the stage that it holds back (NULL = to none): a deploy has an
 * environment, and deploys what was judged. A verdict that is not there, is malformed, or was not made by its stage,
 * holds back; when planning, the last only if it is known. */
enum status judge_check(struct project *project, struct arena *arena, const struct manifest_check *check,
                        const struct manifest_stage *held, bool planning, struct judgement *out, struct error *err);

/* Two judgements of one stage: the worst outcome, and the models of both. */
void judgement_join(struct arena *arena, struct judgement *out, const struct judgement *one);

/* The same for the check itself: the worst for any environment that a deploy behind it goes to. */
enum status judge_own(struct project *project, struct arena *arena, const struct manifest_check *check,
                      struct judgement *out, struct error *err);

/* What is trusted about approvals; read once. */
struct gate_trust;
enum status judge_trust(struct project *project, const struct gate_trust **trust, struct error *err);

/* What the policy asks of a deploy, whatever the graph says (environment.c): the gates of its environment. */
enum status judge_deploy(struct project *project, struct arena *arena, struct stage_id id, bool planning,
                         struct judgement *out, struct error *err);

/* What is trusted is read anew next time. */
void judge_forget(struct project *project);
void judge_destroy(struct judge *judge); /* NULL is fine */

/* Why the evaluation that a gate rests on is not that of the protected branch (altered.c); "" = it is, or there is no
 * such branch. */
enum status judge_altered(struct project *project, struct arena *arena, const struct manifest_check *check,
                          const struct gate_trust *trust, struct str *altered, struct error *err);

/* The worst of those that hold a stage back. Checks themselves are not held back. */
enum status judge_upstream(struct project *project, struct arena *arena, struct stage_id id, bool planning,
                           struct judgement *out, struct error *err);

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
    struct judged_model *models; /* of a deploy */
    uint32_t model_count;
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

/* What a deploy gets of its models (private_models.c): where, absolute, "" if no gate has judged any; each is there by
 * its path in the project (`..` being `.up`), and `names` has these paths, a line each. To be made for each attempt,
 * and removed when the stage has ended. STATUS_FAILED if one is not what was judged, or a link leads out of it. */
struct str private_models_folder(struct arena *arena, const struct stage_run *s);
struct str private_models_names(struct arena *arena, const struct stage_run *s);
enum status private_models_make(struct arena *arena, const struct stage_run *s, struct error *err);
enum status private_models_remove(struct arena *arena, const struct stage_run *s, struct error *err);

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
