/* A folder of our own, for as long as a helper program needs files. */
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"

enum status gate_scratch_open(struct gate_scratch *scratch, struct error *err)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/')
        base = "/tmp";
    int len = snprintf(scratch->path, sizeof scratch->path, "%s/refit-gate-XXXXXX", base);
    if (len < 0 || (size_t)len >= sizeof scratch->path) {
        scratch->path[0] = '\0';
        return error_set(err, STATUS_IO, "the path in TMPDIR is too long");
    }
    if (mkdtemp(scratch->path) == NULL) {
        int reason = errno;
        scratch->path[0] = '\0';
        return error_errno(err, STATUS_IO, reason, "cannot make a temporary folder in %s", base);
    }
    return STATUS_OK;
}

void gate_scratch_close(struct gate_scratch *scratch)
{
    struct error ignored; /* what is left of it is in the folder for temporary files, which others clear */
    if (scratch->path[0] != '\0')
        fs_remove_tree(scratch->path, &ignored);
    scratch->path[0] = '\0';
}

enum status gate_scratch_write(struct gate_scratch *scratch, struct arena *arena, const char *name, struct str bytes,
                               const char **path, struct error *err)
{
    *path = str_format(arena, "%s/%s", scratch->path, name).ptr;
    const char *temporary = str_format(arena, "%s/%s.new", scratch->path, name).ptr;
    return fs_write_atomic(*path, temporary, bytes, 0600, false, err);
}
