/*
 * What the files of the loader share: one manifest (or configuration file) on its way from values to structs.
 * Every read_* function says what was expected and what was found. `what` names the thing for messages: "`deps`".
 */
#ifndef MANIFEST_LOADER_H
#define MANIFEST_LOADER_H

#include "manifest/seen.h"
#include "manifest/template.h"
#include "refit/manifest.h"

/* Variables: what `vars` and params.yaml define, for the templates of a file or of one stage (scope.c). */
struct variables {
    struct scope scope;
    const struct variables *parent; /* whose files count as loaded too */
    struct variables_file {
        struct str path;
        const struct str *keys; /* NULL = all of it */
        uint32_t key_count;
        struct position at;
    } *files;
    uint32_t file_count, file_cap;
    struct variables_layer {
        const struct value *map;
        const char *file; /* that it was written in, for messages */
    } *layers;
    uint32_t layer_count, layer_cap;
    struct value_pair *pairs; /* growing; scope.vars is what it comes to */
    uint32_t pair_count, pair_cap;
    struct table index;
};

struct loader {
    struct arena *arena;
    const char *file;                /* the source that is being read: its path, for messages */
    struct str text;                 /* its bytes */
    struct str root, base;           /* the project, absolute; the source's folder, canonical */
    enum manifest_dialect dialect;
    const struct manifest_source *sources; /* all of them */
    uint32_t source_count;
    const struct manifest_reader *reader;
    struct manifest *manifest;       /* what is loaded; files that are read are listed in it */
    uint32_t stage_cap, file_cap;
    struct table file_index;         /* path → index in manifest->files */
    struct table parsed_index;       /* path → index in `parsed`: trees of files of variables, NULL = not there */
    struct value **parsed;
    uint32_t parsed_count, parsed_cap;
    const struct value *vars;        /* of the source; NULL = none */
    struct variables variables;      /* they and params.yaml, once something asked for them */
    bool variables_loaded, generated;
    struct template_work work;
    struct str *tools;               /* the top level's */
    uint32_t tool_count;
    struct str shell;                /* of stages that name none */
    struct manifest_stage *stage;    /* the one being read; NULL at the top level */
    struct rule_loaded *rules;       /* that stages use */
};

/* Another file of the project, listed in the manifest: *text is its bytes, or *found is false. `at` is where it is
 * named; line 0 if it is looked for by itself. */
enum status loader_read(struct loader *l, struct str path, struct position at, struct str *text, bool *found,
                        struct error *err);

/* An error at anything that has a line and a column. */
#define REFUSE(l, at, err, ...) \
    error_at((err), STATUS_MANIFEST, (l)->file, (at)->line, (at)->column, __VA_ARGS__)

/* " in stage `NAME`", or "" at the top level. In the arena. */
const char *loader_where(struct loader *l);

/* The suggestion for a word that is none of `count` candidates: "; did you mean `x`?", or "; known: a, b, c". */
const char *loader_hint(struct loader *l, struct str word, const struct str *candidates, size_t count);

enum status read_type_error(struct loader *l, const struct value *v, const char *what, const char *expected,
                            struct error *err);

/* A string, or any scalar that stands for a template. Not empty, no NUL byte. */
enum status read_string(struct loader *l, const struct value *v, const char *what, struct str *out, struct error *err);
/* The same for the key of a map. */
enum status read_key(struct loader *l, const struct value_pair *pair, const char *what, struct str *out,
                     struct error *err);
enum status read_bool(struct loader *l, const struct value *v, const char *what, bool *out, struct error *err);
enum status read_integer(struct loader *l, const struct value *v, const char *what, int64_t min, int64_t max,
                         int64_t *out, struct error *err);
/* A string, or any scalar that stands for a template: read_string() takes it. */
bool is_text(const struct value *v);
/* A list; nothing counts as an empty one. */
enum status read_list(struct loader *l, const struct value *v, const char *what, struct error *err);
/* How a scalar reads: integers in decimal, all else as written. False for lists, maps and nothing. */
bool read_scalar_text(struct loader *l, const struct value *v, struct str *out);
enum status read_duration(struct loader *l, const struct value *v, const char *what, uint64_t *out, struct error *err);

/* A canonical path from one that is relative to `wdir`. */
enum status read_path(struct loader *l, struct str wdir, struct str raw, struct position at, struct str *out,
                      struct error *err);

/* One amount of a resource, for stages and for totals. */
enum status read_resource(struct loader *l, const struct value_pair *pair, struct manifest_resource *out,
                          struct error *err);
void sort_resources(struct manifest_resource *resources, uint32_t count);

/* A stage that uses a rule, as one that does not: `use` and `with` are replaced by what the rule gives for them, put
 * together with the stage's own keys. *name is the rule's, or "". */
enum status rule_expand(struct loader *l, const struct value **stage, struct str *name, struct error *err);

/* Handlers of stage keys; each fills its part of l->stage, whose name and wdir are known. */
enum status load_deps(struct loader *l, const struct value *v, struct error *err);
enum status load_params(struct loader *l, const struct value *v, struct error *err);
enum status load_depfile(struct loader *l, const struct value *v, struct error *err);
/* Once all keys are loaded: is it nothing but a depfile? */
enum status check_depfile(struct loader *l, struct error *err);
enum status load_env(struct loader *l, const struct value *v, struct error *err);
enum status load_resources(struct loader *l, const struct value *v, struct error *err);
enum status load_cmd(struct loader *l, const struct value *v, struct error *err);
enum status check_quotes(struct loader *l, struct error *err); /* once `shell` is known */
enum status load_needs(struct loader *l, const struct value *v, struct error *err);
enum status load_tools(struct loader *l, const struct value *v, struct error *err);

/* What a stage writes is removed or put aside before it runs, so it must be nothing that the project cannot do
 * without. `what` is "out" or "depfile"; below .refit/found is room for depfiles that nobody wants to see. */
enum status check_place(struct loader *l, const char *what, struct str path, struct position at, struct error *err);

/* Outs of all three sections; a NULL section is absent. */
enum status load_outs(struct loader *l, const struct value *const sections[3], struct error *err);

/* The stages of `expect` and `gates`, behind all others. */
enum status load_checks(struct loader *l, const struct value *root, struct error *err);

/* The data sets of the top level. */
enum status load_data(struct loader *l, const struct value *v, struct error *err);

/* What a dvc.yaml says beside its stages: its shape is checked, and of most of it that is all. */
bool is_carried_key(struct str key);
enum status load_carried(struct loader *l, const struct value_pair *pair, struct error *err);

/* What follows the name of a key that is refit's own, in a dvc.yaml. */
#define OWN_KEY "is refit's own, and DVC would refuse it; `refit migrate` makes a refit.yaml of this file"

/* The commands of a string, as DVC runs them: one a line. */
void split_dvc_lines(struct arena *arena, struct str text, struct str **commands, uint32_t *count);

/* How a stage of this source is called. */
struct str stage_full_name(struct loader *l, struct str name);

/* A .dvc file, whose tree is `root`: one more stage. */
enum status load_dvc_data(struct loader *l, const struct manifest_source *source, const struct value *root,
                          struct manifest_stage *out, struct error *err);

enum status read_shell(struct loader *l, const struct value *v, struct str *out, struct error *err);

/* The top level's tools, for all stages. */
enum status load_common_tools(struct loader *l, const struct value *v, struct error *err);

bool is_stage_name_byte(unsigned char c);
enum status check_stage_name(struct loader *l, struct str name, uint32_t line, uint32_t column, struct error *err);
/* A stage, from its name and its definition without templates. */
enum status load_stage(struct loader *l, const struct value_pair *pair, struct manifest_stage *out, struct error *err);

/* A value of the top level, without templates. */
enum status resolve_value(struct loader *l, const struct value *value, enum template_use use, const struct value **out,
                          struct error *err);

/* The variables of the whole file are read once something asks for them. */
enum status need_variables(struct loader *l, struct error *err);

/* The stages that one pair under `stages` stands for, added to the manifest. */
enum status generate_stages(struct loader *l, const struct value_pair *pair, struct error *err);
/* One stage whose definition has no templates any more; `${` in it is what it says. Its name is good. */
enum status add_resolved_stage(struct loader *l, const struct value_pair *pair, struct error *err);

/* What a whole file's templates see: params.yaml beside it, and its `vars` (NULL = none). variables_finish() also after
 * failure. */
enum status variables_load(struct loader *l, const struct value *vars, struct variables *out, struct error *err);

/* What one stage's see besides: its own `vars`, their files relative to `wdir`. `reserved` (NULL = none) are names that
 * must not be defined again; the new scope looks into `outer` for the rest. */
enum status variables_extend(struct loader *l, const struct value *vars, struct str wdir,
                             const struct variables *parent, const struct scope *outer, const struct value *reserved,
                             struct variables *out, struct error *err);
void variables_finish(struct variables *variables);

#endif
