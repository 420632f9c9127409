/*
 * The manifest: YAML in, declared stages out.
 *
 * manifest_load() takes bytes and gives a tree that is never changed afterwards. Everything is in the caller's arena.
 * Nothing here does I/O: what else the text refers to (files of variables, rules) is asked of the caller through a
 * struct manifest_reader, and listed in the result. Whether a dep exists is found out when its stage is ready. Every
 * error names file, line and column, and says what to do; unknown keys are errors with a suggestion.
 *
 * Paths in the result are canonical (refit/base/path.h), with `wdir` already applied.
 */
#ifndef REFIT_MANIFEST_H
#define REFIT_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/arena.h"
#include "refit/base/digest.h"
#include "refit/base/error.h"
#include "refit/base/str.h"
#include "refit/base/value.h"

/* Where something stands in the manifest; 1-based. */
struct position {
    uint32_t line, column;
};

enum stage_kind { STAGE_PLAIN, STAGE_DATA, STAGE_CODE, STAGE_MODEL, STAGE_DEPLOY };
const char *stage_kind_name(enum stage_kind kind); /* "" for STAGE_PLAIN */

enum out_kind { OUT_PLAIN, OUT_METRIC, OUT_PLOT };

struct manifest_path {
    struct str path; /* canonical */
    struct position at;
};

struct manifest_out {
    struct str path;
    struct position at;
    enum out_kind kind;
    bool cache;   /* true unless `cache: false` */
    bool persist;
    bool executable; /* with `md5` */
    struct str md5;  /* in hexadecimal, with ".dir" behind that of a folder: where the workspace does not have it, DVC's
                        cache may; "" = none */
};

/* What a stage reads of one parameter file. */
struct manifest_params {
    struct str path; /* canonical; `params.yaml` in wdir by default */
    struct position at;
    bool whole; /* the whole file counts */
    struct manifest_key {
        struct str key; /* dotted */
        struct position at;
        struct str resolved; /* YAML: its value where the file has templates in it; "" = as the file has it */
    } *keys;
    uint32_t key_count;
};

struct manifest_env {
    struct str name;
    struct position at;
    bool has_value; /* NAME=value: refit sets it; otherwise it is taken from the environment */
    struct str value;
    bool show; /* its value may be shown; otherwise only its digest is */
};

#define RESOURCE_GPUS_MAX 1024 /* in the configuration: they are handed out one by one */

struct manifest_resource {
    struct str name;  /* "cpus", "mem", "gpus" or a pool */
    struct position at;
    uint64_t amount;  /* cpus in thousandths, mem in bytes, others as counted */
};

/* Commands run as DVC runs them: by the program in $SHELL, or else /bin/sh, without its files of settings, and with
 * DVC_ROOT and DVC_STAGE in their environment. Which program that is counts as little as undeclared environment. */
#define SHELL_OF_DVC "$SHELL"

/* A stage. List fields have their count beside them. */
struct manifest_stage {
    struct str name;    /* of a dvc.yaml below the root: "FOLDER/dvc.yaml:NAME" */
    struct str file;    /* the file that declares it, for messages; all positions are in it */
    struct position at; /* of its name */
    enum stage_kind kind;
    struct str *commands; /* in order; a multi-line string is one command a line; fail-fast */
    uint32_t command_count;
    struct position cmd_at;
    struct str wdir; /* canonical */
    struct str shell; /* a program that takes `-c COMMAND`; "/bin/sh" unless declared; or SHELL_OF_DVC */
    struct manifest_path *deps;
    uint32_t dep_count;
    struct manifest_params *params;
    uint32_t params_count;
    struct manifest_out *outs; /* outs, metrics and plots, in that order */
    uint32_t out_count;
    struct manifest_env *env;
    uint32_t env_count;
    struct manifest_resource *resources; /* sorted by name; each once */
    uint32_t resource_count;
    struct manifest_path *needs; /* stage names, not paths */
    uint32_t needs_count;
    struct str *tools; /* the top level's, then its own */
    uint32_t tool_count;
    struct str depfile; /* canonical; "" = none */
    struct position depfile_at;
    uint64_t timeout_ms; /* 0 = none */
    uint32_t retries;
    struct str environment; /* where a deploy goes, as the policy calls it; "" = it does not say */
    bool frozen, always_changed, portable, console;
    bool source; /* it has no command: its outs are there, or are fetched; `frozen` too */
    struct str desc;
    struct str rule; /* that it was made from; "" = none */
    uint32_t check;  /* of the manifest's checks, from 1; 0 = it is none */
    struct value *meta; /* carried, never looked at; NULL = none */
};

/* A data set: a source, a file or a folder, whose content the store keeps when a run uses it. */
struct manifest_data {
    struct str name;
    struct str path;
    struct position at; /* of its path */
    struct str url;    /* where it comes from if it is missing; "" = nobody knows, otherwise `sha256` is there too */
    struct str sha256; /* of the file, 64 lower-case digits; "" = any content will do */
    bool snapshot; /* false: only its digest is kept, as of any dep */
};

enum check_kind {
    CHECK_DATA,  /* of `expect:` */
    CHECK_MODEL, /* of `gates:` */
};

/* A check: a stage that `expect` or `gates` declares. It runs `refit check`, has its definition (`expect.NAME`,
 * `gates.NAME`, with values for its templates) as a parameter, and a verdict as its only out. */
struct manifest_check {
    enum check_kind kind;
    uint32_t stage;     /* index */
    struct str subject; /* the data, or the model, that is checked: canonical */
    struct str verdict; /* canonical */
};

/* A file that was asked for while loading: what was loaded is so as long as it has this content, or is not there. */
struct manifest_file {
    struct str path; /* canonical */
    struct str by;   /* the file that asked for it, for messages, and where; line 0: it is looked for by itself */
    struct position at;
    bool found;
    struct digest digest; /* of its bytes, if found */
};

struct manifest {
    struct str desc; /* of the project */
    struct manifest_stage *stages;
    uint32_t stage_count;
    struct manifest_file *files; /* each once; the sources are not among them */
    uint32_t file_count;
    struct manifest_path *metrics; /* those of the top level, which no stage need make */
    uint32_t metric_count;
    struct manifest_data *data;
    uint32_t data_count;
    struct manifest_check *checks; /* in the order of their stages */
    uint32_t check_count;
};

/* Is an out a metric, by its stage or by the top level? */
bool manifest_is_metric(const struct manifest *manifest, const struct manifest_out *out);

/* The data set at, above or below a path; NULL = none. */
const struct manifest_data *manifest_find_data(const struct manifest *manifest, struct str path);

/* Is it at this path, above it or below it? */
bool manifest_data_concerns(const struct manifest_data *set, struct str path);

/* Is there one whose content is to be kept? */
bool manifest_keeps(const struct manifest *manifest, struct str path);

/* What a file of stages may say, and what it means. */
enum manifest_dialect {
    MANIFEST_REFIT, /* refit.yaml */
    MANIFEST_DVC,   /* dvc.yaml: DVC's keys, and commands run as DVC runs them */
    MANIFEST_DVC_DATA, /* a .dvc file: a source called as the file, kept by DVC */
};

/* A file of stages. */
struct manifest_source {
    struct str path; /* canonical; what it declares is relative to its folder */
    struct str text; /* its bytes; they outlive the manifest */
    enum manifest_dialect dialect;
};

/* What is asked of the caller. */
struct manifest_reader {
    /* The bytes of a file, in `arena`. `path` is canonical. STATUS_NOT_FOUND if it is not there. */
    enum status (*read)(void *ctx, struct arena *arena, struct str path, struct str *text, struct error *err);
    /* The bytes of a .toml or .py file (`path` is for messages) as YAML that means the same, in `arena`. NULL: such
     * files cannot be read. STATUS_MANIFEST, with the place, if they are broken. */
    enum status (*convert)(void *ctx, struct arena *arena, struct str path, struct str text, struct str *yaml,
                           struct error *err);
    void *ctx;
};

/*
 * Parse and check the files that declare a project's stages, which share one graph. `root` is the project's absolute
 * path. `reader` may be NULL: then there is no other file.
 * Checked here: syntax, types, unknown and duplicate keys, names, units, outs that leave the project, a stage with a
 * path twice. Checked by the graph: whatever takes two stages to see. STATUS_MANIFEST on any fault.
 */
enum status manifest_load(struct arena *arena, const struct manifest_source *sources, uint32_t count, struct str root,
                          const struct manifest_reader *reader, struct manifest *out, struct error *err);

/*
 * One section of the top level, `expect` or `gates`, with values for its templates; nothing else is looked at but
 * `vars`. NULL if there is none. In `arena`, and in the source's text.
 */
enum status manifest_read_section(struct arena *arena, const struct manifest_source *source, struct str root,
                                  const struct manifest_reader *reader, struct str name, const struct value **out,
                                  struct error *err);

/*
 * A loaded manifest as bytes, and back, for whoever keeps it under the digest of its text (`meta` is left out).
 * manifest_unpack() gives false for bytes that are not such a manifest; strings point into `bytes`.
 */
void manifest_pack(const struct manifest *manifest, struct buf *out);
bool manifest_unpack(struct arena *arena, struct str bytes, struct manifest *out);

/*
 * YAML 1.2 core schema into values: anchors, aliases and merge keys resolved; `1_000` is an integer; yes/no/on/off are
 * strings; duplicate keys are errors. One document; an empty one gives NULL-typed value. Bounded: nesting of 64
 * levels, alias expansion of 1,000,000 nodes, otherwise STATUS_MANIFEST.
 */
enum status yaml_parse(struct arena *arena, struct str text, struct str file, struct value **out, struct error *err);

/* Append a string as a YAML scalar: plain where that reads back as the same string, otherwise double-quoted.
 * Bytes that are not UTF-8 are written as "\xHH" behind the tag `!bytes`, which yaml_parse reads back. As the key of a
 * map, what comes to more than 1000 bytes must stand in the form `? KEY`, newline, `: VALUE` (libyaml's limit is
 * 1024). */
void yaml_append_string(struct buf *out, struct str s);

/* Append a value as lines of YAML that read back as the same value, each behind `indent` blanks: keys one a line, texts
 * of several lines as blocks where they can be, short lists of scalars in brackets. Ends with a newline. */
void yaml_append_value(struct buf *out, const struct value *value, unsigned indent);

/* Sizes and durations as people write them: "512M", "1.5G", "64KiB" (powers of 1024; bytes), "90", "90s", "1.5h", "2d"
 * (milliseconds; seconds without a unit), cpus "1", "0.5" (thousandths). False if it is none. */
bool parse_bytes(struct str text, uint64_t *out);
bool parse_duration_ms(struct str text, uint64_t *out);
bool parse_milli(struct str text, uint64_t *out);

/*
 * Parse a parameter file by its name's ending: .yaml .yml .json, and with a reader that converts .toml (dates are
 * strings) and .py (what is assigned as a literal, in classes and their __init__ too; nothing is executed). Values of
 * what was converted have no place. STATUS_MANIFEST, with file and line, if it is broken or of another kind.
 */
enum status params_parse(struct arena *arena, struct str text, struct str file, const struct manifest_reader *reader,
                         struct value **out, struct error *err);
bool params_has_keys(struct str file); /* is it of a kind that is parsed? */

/*
 * Configuration: every setting has a name, a default, a value and the file (or variable) that it comes from.
 * The table of settings is in src/manifest/config.c; cli prints it.
 */
struct config_entry {
    struct str name;   /* "jobs", "resources.gpus", "store.path", ... */
    struct str value;  /* as text */
    struct str origin; /* "default", "FILE:LINE", "environment REFIT_STORE", "command line" */
};

struct config {
    struct str store_path;     /* "" = .refit/store */
    uint64_t store_budget_bytes; /* that gc leaves; UINT64_MAX (default) = no limit */
    uint32_t jobs;             /* commands at once; default: the machine's processors */
    uint64_t keep_going;       /* failures before a run stops starting new ones; 0 = no limit; default 1 */
    uint64_t grace_ms;         /* between SIGINT or SIGTERM and SIGKILL; default 10 s */
    int compression;           /* zstd level 1 to 19; 0 = none; default 3 */
    struct manifest_resource *resources; /* totals, as in a stage; cpus, mem, gpus default to the machine's */
    uint32_t resource_count;
    struct config_entry *entries; /* all settings, sorted by name */
    uint32_t entry_count;
};

struct config_source {
    struct str file; /* name for messages and origins */
    struct str text; /* its bytes */
};

/* Merge sources, the first winning, over the defaults. Environment: REFIT_STORE and REFIT_JOBS win over all files. */
enum status config_load(struct arena *arena, const struct config_source *sources, uint32_t count, struct config *out,
                        struct error *err);

#endif
