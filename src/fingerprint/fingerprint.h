/* Shared by the files of this module. */
#ifndef REFIT_FINGERPRINT_PRIVATE_H
#define REFIT_FINGERPRINT_PRIVATE_H

#include <pthread.h>

#include "refit/base/table.h"
#include "refit/fingerprint.h"

struct params_file {
    struct str path;
    bool loaded;
    bool settled;          /* it had been as it was for so long that an edit must show in its stat */
    uint32_t loads;        /* so many times it was loaded */
    struct file_stat stat; /* when it was loaded; once it differs, the file is loaded again */
    struct value *root;   /* NULL if the file is not of a kind that is parsed */
    struct digest digest; /* of the file, if root is NULL */
};

/* A file system by device number: whether its clock is this machine's. */
struct device {
    dev_t number;
    bool local;
};

struct fingerprint {
    struct state *state;
    const struct manifest_reader *reader;
    struct ignore *ignore;
    struct arena arena; /* of the thread that owns the context */
    struct str platform;
    struct str real_root; /* the working directory, links resolved */
    struct table tool_index;
    struct str *tool_outputs;
    uint32_t tool_count, tool_cap;
    struct table params_index;
    struct params_file *params;
    uint32_t params_count, params_cap;
    pthread_mutex_t lock; /* guards devices */
    struct device *devices;
    uint32_t device_count, device_cap;
};

/* The digest of a regular file's bytes, from the stat cache or read (if `read`). *known is false if it would have to be
 * read. On success *st is what the file was like when it was read. */
enum status file_digest(struct fingerprint *fp, struct str path, const struct digest_options *options, bool read,
                        struct stat *st, struct digest *digest, bool *known, struct error *err);

/* Was it with this stat for so long that whatever is read of it from now on is of that stat alone? */
bool file_is_settled(struct fingerprint *fp, struct str path, const struct file_stat *stat);

/* Does this kernel's clock stamp the files of the file system that `fd` is on? */
bool device_is_local(struct fingerprint *fp, dev_t number, int fd);

/* A walk over a directory: entries in the order of a tree, the digests of unknown files still missing. */
struct walk_entry {
    struct tree_entry entry;
    struct stat st;
    bool unknown;          /* digest still to be read */
    struct str follow; /* a link that leaves the tree: what it leads to, as a path that can be digested; "" = none */
    struct str arrives; /* a link to another place in the tree than its text says: there, below the top; "" = none */
};

struct walk {
    struct walk_entry *entries; /* malloc'd */
    size_t count, cap;
    uint64_t unknown_bytes;
};

enum status walk_directory(struct fingerprint *fp, struct arena *arena, struct str path,
                           const struct digest_options *options, struct walk *walk, struct error *err);
void walk_finish(struct walk *walk);

/* Load a parameter file, or give it from memory. `at` is where the manifest names it. */
enum status params_load(struct fingerprint *fp, const struct manifest_stage *stage,
                        const struct manifest_params *params,
                        struct params_file **out, struct error *err);

/* Where a link leads: a real path, or found == false for a dangling one. STATUS_FAILED for a loop. */
enum status link_resolve(struct arena *arena, struct str path, struct str *real, bool *found, struct error *err);
/* An out's link must not leave the project: STATUS_FAILED if it does. */
enum status link_stays_inside(struct fingerprint *fp, struct arena *arena, struct str path, struct str text,
                              struct error *err);
bool real_is_below(struct str real, struct str directory);

#endif
