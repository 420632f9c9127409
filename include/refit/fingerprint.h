/*
 * Fingerprints: what decides a stage's result, as one list of fields, read by two: the key, and the words of `why`.
 *
 * A field is (tag, name, value), all text: (param, "params.yaml:train.lr", "0.1"), (dep, "data/x.csv", "file 8f0e").
 * The key is the XXH3-128 of the list, tagged and length-prefixed, under a format version. refit.lock keeps the same
 * list, so an explanation compares exactly what the decision compared.
 *
 * digest_* are safe on any thread; the others belong to the thread that made the context.
 */
#ifndef REFIT_FINGERPRINT_H
#define REFIT_FINGERPRINT_H

#include "refit/graph.h"
#include "refit/state.h"
#include "refit/store.h"

#define KEY_FORMAT 1

/* ---- digests of paths ---- */

/* What a path is like. Strings live in the caller's arena. */
struct input {
    enum entry_kind kind;  /* ENTRY_MISSING if there is nothing; a dep that is a link has the kind of its target */
    bool executable;       /* files: the user's bit */
    bool racy;             /* something in it changed so recently that the same stat proves nothing */
    struct digest digest;  /* file: of its bytes; link (outs only): of its text; directory: of its tree */
    struct digest stats;   /* of inode, size, mtime, ctime and link text of everything in it: differs if anything was
                              touched */
    uint64_t size;         /* bytes of all files in it */
    struct str link;       /* a dep that is a link: its text; otherwise "" */
};

enum digest_mode {
    DIGEST_DEP, /* links followed, ignored and empty folders left out */
    DIGEST_OUT, /* as it would be stored: links as links, nothing left out */
};

struct digest_options {
    enum digest_mode mode;
    uint64_t budget_bytes; /* read no more than this of files that the stat cache does not know */
    bool patient;          /* a first interrupt does not end it: what is digested cannot easily be made again */
    bool verify;           /* do not believe the stat cache where it is racy */
    struct store *store;   /* DIGEST_OUT: put what is digested, trees too, here, from the same read; NULL = nowhere */
    void (*progress)(void *ctx, uint64_t bytes);
    void (*announce)(void *ctx, uint64_t bytes); /* what will be read, as it becomes known; may be NULL */
    void (*leaves)(void *ctx, struct str link); /* a link in a directory that leads out of it; may be NULL */
    void *ctx;
};

struct fingerprint;

/* Loads .refitignore from the working directory (the root). `reader` (may be NULL) is asked to convert parameter files.
 * Both must outlive it. */
enum status fingerprint_create(struct state *state, const struct manifest_reader *reader, struct fingerprint **out,
                               struct error *err);
void fingerprint_destroy(struct fingerprint *fp);
/* The patterns that the digests of deps follow; to be added to before anything is digested. */
struct ignore *fingerprint_ignore(struct fingerprint *fp);
struct str fingerprint_platform(const struct fingerprint *fp); /* as in the field: "linux-x86_64" */

/*
 * Digest one path. If that needs more bytes to be read than the budget allows, *complete is false, nothing was read,
 * `out->size` says how much there is, and the same call with a larger budget (on another thread) does it.
 * Refused with STATUS_FAILED: FIFOs, sockets, devices, loops of links; for outs, a link that leaves the project.
 * An interrupt cuts it short: STATUS_INTERRUPTED.
 */
enum status digest_path(struct fingerprint *fp, struct arena *arena, struct str path,
                        const struct digest_options *options, struct input *out, bool *complete, struct error *err);

/* Are the stats of a path what digest_path() gave (`stats`), beyond doubt? Reads no file. */
enum status digest_is_same(struct fingerprint *fp, struct arena *arena, struct str path, enum digest_mode mode,
                           struct digest stats, bool *same, struct error *err);

/* Is it a regular file that last changed so long before `since_ns` that whatever was read of it since then is what it
 * has now? *stats as digest_path() gives it. */
bool digest_is_settled(struct fingerprint *fp, struct str path, int64_t since_ns, struct digest *stats);

/* The tree of a directory, as tree_encode wants it. */
enum status digest_tree(struct fingerprint *fp, struct arena *arena, struct str path,
                        const struct digest_options *options, struct tree *out, struct error *err);

/* Where a link leads, links on the way resolved: a canonical path, or "" if that is nothing or outside the project. */
enum status digest_link_target(struct fingerprint *fp, struct arena *arena, struct str path, struct str *target,
                               struct error *err);

/* ---- fields and keys ---- */

enum field_tag {
    FIELD_PLATFORM = 1, /* operating system and architecture; absent if `portable` */
    FIELD_COMMAND,
    FIELD_SHELL,
    FIELD_WDIR,
    FIELD_ENV,   /* name → digest of the value, the value if it may be shown, or "unset" */
    FIELD_PARAM, /* FILE:KEY → canonical value */
    FIELD_TOOL,  /* command → what it printed */
    FIELD_DEP,   /* path → kind and digest */
    FIELD_OUT,   /* path → flags */
    FIELD_DEPFILE,
    FIELD_FOUND, /* path → kind and digest of an input that the depfile named; beside a key's fields, never in it */
    FIELD_TAG_END
};
const char *field_tag_name(enum field_tag tag); /* "platform", "cmd", "shell", ... as in refit.lock */
bool field_tag_parse(struct str name, enum field_tag *out);

struct field {
    enum field_tag tag;
    struct str name, value;
};

struct fields { /* sorted by tag, then name */
    struct field *items;
    uint32_t count;
};

struct digest fields_key(const struct fields *fields);
void fields_sort(struct fields *fields);

/* What a `tools:` command printed. Both strings are copied. */
void fingerprint_set_tool(struct fingerprint *fp, struct str command, struct str output);
bool fingerprint_has_tool(const struct fingerprint *fp, struct str command);

/*
 * The fields of a stage. `inputs` has one entry for each of stage->deps, none of them missing; every tool's output
 * must be known. Parameter files are read here. STATUS_MANIFEST, with the place in the manifest, for a parameter file
 * that is missing or broken, or a key that it does not have (with the nearest one that exists).
 */
enum status fingerprint_fields(struct fingerprint *fp, struct arena *arena, const struct graph *graph,
                               struct stage_id stage, const struct input *inputs, struct fields *out,
                               struct error *err);

/* Do the stage's parameter files that no stage makes have the keys that it names? Errors as of fingerprint_fields(). */
enum status fingerprint_check_params(struct fingerprint *fp, const struct graph *graph, struct stage_id stage,
                                     struct error *err);

/* What was read of the stage's parameter files so shortly after they changed that the same stat proves nothing is read
 * again by the next fingerprint_fields(). */
void fingerprint_doubt_params(struct fingerprint *fp, const struct graph *graph, struct stage_id stage);

/* Was this parameter file read once, and does its stat say that it is as it was then? */
bool fingerprint_params_stand(const struct fingerprint *fp, struct str path);

/* How the value of a dep field reads: "file 8f0e...", "exec ...", "directory ...", with "link TEXT, " before it. */
struct str input_text(struct arena *arena, const struct input *input);

/* What changed between two lists: called in order for each difference; old or new is NULL where one side has none. */
void fields_compare(const struct fields *before, const struct fields *after,
                    void (*change)(void *ctx, const struct field *old, const struct field *now), void *ctx);

/* The words for a change: "params.yaml:train.lr 0.1 → 0.2", "dep src/train.py changed", "new dep x", ... */
struct str field_change_text(struct arena *arena, const struct field *old, const struct field *now);

/* ---- depfiles ---- */

/* The prerequisites in a Make-syntax depfile (as compilers write it): escapes, continuations, several rules.
 * STATUS_FAILED with line and column if it is malformed. Paths are as written, in `arena`. */
enum status depfile_parse(struct arena *arena, struct str text, const char *file, struct str **paths, uint32_t *count,
                          struct error *err);

/* ---- ignore files ---- */

/* Patterns in gitignore syntax, the built-in ones before them. */
struct ignore;
struct ignore *ignore_create(struct str text); /* "" = the built-in patterns alone */
/* More patterns, which win over those before; they are relative to the folder, a canonical path. */
void ignore_add(struct ignore *ignore, struct str folder, struct str text);
void ignore_destroy(struct ignore *ignore);
bool ignore_matches(const struct ignore *ignore, struct str path, bool is_directory); /* path relative to the root */

#endif
