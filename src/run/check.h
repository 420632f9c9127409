/* What has to be done with a stage: its inputs and outs against the state, refit.lock and the store; data sets that are
 * got on the way; and the standing of a workspace in which there was nothing to do. */
#ifndef RUN_CHECK_H
#define RUN_CHECK_H

#include "refit/run.h"

/* Bytes that may be read on the loop's thread, so that small files cost no trip to the pool. */
#define INLINE_BYTES (256u << 10)

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

#endif
