/* Where a file or folder is put together before it takes its place: in .refit/tmp, where nobody counts what a killed
 * run leaves. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "run/run.h"

#define TEMPORARIES ".refit/tmp"

/* Can a file be renamed from one folder to the other? The device alone does not tell: a part of it may be mounted on
 * itself. */
static bool same_mount(const char *one, const char *other)
{
    struct statx a, b;
    return statx(AT_FDCWD, one, 0, STATX_MNT_ID, &a) == 0 && statx(AT_FDCWD, other, 0, STATX_MNT_ID, &b) == 0 &&
           (a.stx_mask & b.stx_mask & STATX_MNT_ID) != 0 && a.stx_mnt_id == b.stx_mnt_id;
}

/* Names of 255 bytes leave no room for a suffix: the temporary has a name of its own. */
struct str temporary_place(struct arena *arena, struct str path)
{
    char hex[DIGEST_HEX + 1];
    digest_hex(digest_of(path.ptr, path.len), hex);
    struct str parent = path_parent(path);
    return same_mount(".refit", str_terminated(arena, parent))
               ? str_format(arena, TEMPORARIES "/%s", hex)
               : path_join(arena, parent, str_format(arena, ".refit-%.16s.tmp", hex));
}

static enum status clean_place(struct arena *arena, struct str path, struct error *err)
{
    struct arena_mark mark = arena_get_mark(arena);
    enum status status = fs_remove_tree(temporary_place(arena, path).ptr, err);
    arena_rewind(arena, mark);
    return status;
}

enum status temporary_clean(struct project *p, struct arena *arena, struct error *err)
{
    enum status status = fs_remove_tree(TEMPORARIES, err);
    if (status == STATUS_OK)
        status = clean_place(arena, STR(LOCK_FILE), err);
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        const struct manifest_stage *stage = p->graph.stages[i].declared;
        for (uint32_t j = 0; j < stage->out_count && status == STATUS_OK; j++)
            status = clean_place(arena, stage->outs[j].path, err);
    }
    for (uint32_t i = 0; i < p->manifest.data_count && status == STATUS_OK; i++)
        status = clean_place(arena, p->manifest.data[i].path, err);
    return status;
}
