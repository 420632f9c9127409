/* Parts of `refit check`, one for each first word. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"

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

/* Writes the verdict there, and prints it with --json. */
enum status check_write(struct invocation *in, const char *path, struct buf *verdict, struct error *err);

enum status check_data(struct invocation *in, struct error *err);
enum status check_model(struct invocation *in, struct error *err);
enum status check_profile(struct invocation *in, struct error *err);

#endif
