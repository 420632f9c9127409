/* Parts of `refit check`, one for each first word. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"
#include "refit/model_check.h"

/* The definition that the command line means: with --spec the whole of that file, else SECTION.NAME of the manifest,
   whose folder is the working directory by then. Its file's name, for messages, and what it is called. */
struct check_definition {
    const struct value *value;
    const char *file;
    struct str name;
};
enum status check_find(struct invocation *in, const char *section, struct check_definition *out, struct error *err);

/* Where its verdict goes: -o, or what the definition says, or (with a manifest) checks/NAME.json; NULL = nowhere. */
const char *check_verdict_path(struct invocation *in, const struct check_definition *definition);

/* STATUS_USAGE if a verdict at `path` (NULL = none) would take the place of `input`, which is what it is about. */
enum status check_spare(const char *path, const char *input, struct error *err);

/* Writes the verdict there, and prints it with --json. STATUS_USAGE if something else than a file is there. */
enum status check_write(struct invocation *in, const char *path, struct buf *verdict, struct error *err);

/* Of a gate's definition, the files of baseline and anchor that are called by name (check_baseline.c). */
struct baselines {
    struct model_source sources[MODEL_SIDES];
    bool of_policy; /* only the policy says what they are: each is what is deployed in an environment */
};
enum status check_baselines(struct invocation *in, const struct value *definition, struct baselines *out,
                            struct error *err);
/* Prints them: the same lines mean the same files. */
void check_say_baselines(const struct value *definition, const struct baselines *baselines);

enum status check_data(struct invocation *in, struct error *err);
enum status check_model(struct invocation *in, struct error *err);
enum status check_profile(struct invocation *in, struct error *err);

#endif
