/*
 * Files that DVC writes for itself: its configuration, lists of folders, dvc.lock. Read, and never written.
 *
 * Like the manifest: bytes in, structs in the caller's arena out, no I/O. Strings are as the file has them; a path is
 * what the caller makes of it, from the folder that it is relative to. STATUS_MANIFEST, with file and place, on any
 * fault.
 */
#ifndef REFIT_DVC_H
#define REFIT_DVC_H

#include "refit/base/arena.h"
#include "refit/base/error.h"
#include "refit/base/value.h"
#include "refit/manifest.h"

/* The value of a key in a section of a `.dvc/config`; the last one counts. False if it is not there. */
bool dvc_config_get(struct arena *arena, struct str text, struct str section, struct str key, struct str *out);

/* Is it an MD5 in hexadecimal, perhaps with ".dir" behind it, as that of a folder? (One of digits alone may be a number
 * to YAML: its text is meant.) */
bool dvc_is_md5(struct str text);

struct dvc_entry {
    struct str path;
    struct str md5; /* "" = none was kept */
    bool executable;
    uint64_t size; /* 0 if it is not given */
};

/* The list of a folder's files that is kept as `MD5.dir`. Paths are canonical and below the folder, sorted by bytes,
 * each once. */
enum status dvc_parse_folder(struct arena *arena, struct str text, const char *file, struct dvc_entry **out,
                             uint32_t *count, struct error *err);

struct dvc_lock_stage {
    struct str name;
    struct str *commands; /* as manifest_stage has them */
    uint32_t command_count;
    struct dvc_entry *deps, *outs;
    uint32_t dep_count, out_count;
    const struct value *params; /* a map of files to maps of dotted keys to values; NULL = none */
};

struct dvc_lock {
    struct dvc_lock_stage *stages;
    uint32_t stage_count;
};

enum status dvc_parse_lock(struct arena *arena, struct str text, struct str file, struct dvc_lock *out,
                           struct error *err);
const struct dvc_lock_stage *dvc_lock_find(const struct dvc_lock *lock, struct str name); /* NULL if it is not there */

/* ---- from DVC's files to a refit.yaml ---- */

struct dvc_migration {
    struct str text;          /* of the refit.yaml, at the root */
    uint32_t written_out;     /* so many dvc.yaml are not there as they were written, but what their stages come to */
    struct manifest manifest; /* what it declares: the same stages in the same order, perhaps by other names */
};

/*
 * The text of a refit.yaml that declares what DVC's files declare, which `manifest` was loaded from. Loaded again, it
 * was found to give the same stages. A .dvc file becomes a frozen stage whose command is `dvc pull`.
 */
enum status dvc_migrate(struct arena *arena, const struct manifest_source *sources, uint32_t count, struct str root,
                        const struct manifest_reader *reader, const struct manifest *manifest,
                        struct dvc_migration *out, struct error *err);

#endif
