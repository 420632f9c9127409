/* Restoring outs from the store: into a temporary, then renamed. Links are never followed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/run.h"

static bool forward(void *ctx, uint64_t bytes)
{
    const struct restore_progress *p = ctx;
    if (p->progress != NULL)
        p->progress(p->ctx, bytes);
    return interrupt_count() == 0;
}

static enum status restore_file(struct clearing *c, const char *place, struct digest digest, bool executable,
                                const struct restore_progress *progress, struct error *err)
{
    /* As the user's umask would have made it. */
    int fd = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, executable ? 0777 : 0666);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", place);
    enum status status =
        store_get_fd(c->project->store, digest, fd, place, forward, (void *)(uintptr_t)progress, err);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", place);
    return status;
}

static enum status restore_link(const char *place, struct str text, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    enum status status = STATUS_OK;
    if (symlink(str_terminated(&scratch, text), place) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make the link %s", place);
    arena_finish(&scratch);
    return status;
}

static enum status restore_entry(struct clearing *c, struct str top, const struct tree_entry *entry, struct str *folder,
                                 const struct restore_progress *progress, struct error *err)
{
    struct str place = path_join(c->arena, top, entry->path);
    struct str parent = path_parent(place);
    enum status status = STATUS_OK;
    if (!str_equal(parent, *folder)) { /* entries are sorted, so a folder's come together */
        status = fs_make_directories(str_terminated(c->arena, parent), err);
        *folder = parent;
    }
    if (status != STATUS_OK)
        return status;
    switch (entry->kind) {
    case ENTRY_FILE:
        return restore_file(c, place.ptr, entry->digest, entry->executable, progress, err);
    case ENTRY_LINK:
        return restore_link(place.ptr, entry->link, err);
    case ENTRY_DIRECTORY:
        return fs_make_directories(place.ptr, err);
    case ENTRY_MISSING:
        break;
    }
    return error_set(err, STATUS_CORRUPT, "a tree has an entry of an unknown kind");
}

static enum status restore_tree(struct clearing *c, struct str top, struct digest digest,
                                const struct restore_progress *progress, struct error *err)
{
    struct buf bytes = {0};
    struct tree tree;
    enum status status = store_get_bytes(c->project->store, digest, &bytes, err);
    if (status == STATUS_OK)
        status = tree_decode(c->arena, buf_view(&bytes), &tree, err);
    if (status == STATUS_OK)
        status = fs_make_directories(top.ptr, err);
    struct str folder = STR("");
    for (uint32_t i = 0; status == STATUS_OK && i < tree.count; i++) {
        struct arena_mark mark = arena_get_mark(c->arena);
        struct str before = folder;
        status = interrupt_check(false, err);
        if (status == STATUS_OK)
            status = restore_entry(c, top, &tree.entries[i], &folder, progress, err);
        if (str_equal(before, folder))
            arena_rewind(c->arena, mark);
    }
    buf_finish(&bytes);
    return status;
}

static enum status restore_to(struct clearing *c, const struct record_out *out, struct str place,
                              const struct restore_progress *progress, struct error *err)
{
    if (out->kind == ENTRY_FILE)
        return restore_file(c, place.ptr, out->digest, out->executable, progress, err);
    if (out->kind == ENTRY_DIRECTORY)
        return restore_tree(c, place, out->digest, progress, err);
    struct buf text = {0};
    enum status status = store_get_bytes(c->project->store, out->digest, &text, err);
    if (status == STATUS_OK)
        status = restore_link(place.ptr, buf_view(&text), err);
    buf_finish(&text);
    return status;
}

enum status restore_out(struct clearing *c, const struct record_out *out, const struct restore_progress *progress,
                        struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    struct input now;
    bool complete;
    struct error ignored; /* what cannot be digested is not what it should be */
    if (digest_path(c->project->fp, c->arena, out->path, &options, &now, &complete, &ignored) == STATUS_OK &&
        now.kind == out->kind && now.executable == out->executable && digest_equal(now.digest, out->digest))
        return STATUS_OK; /* it is there already */
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = fs_make_parents(out->path.ptr, err);
    struct str place = temporary_place(c->arena, out->path);
    if (status == STATUS_OK)
        status = fs_make_parents(place.ptr, err);
    if (status == STATUS_OK)
        status = fs_remove_tree(place.ptr, err);
    if (status == STATUS_OK)
        status = restore_to(c, out, place, progress, err);
    if (status == STATUS_OK)
        status = clear_out(c, out->path, err);
    if (status == STATUS_OK)
        status = fs_move(place.ptr, out->path.ptr, err);
    if (status != STATUS_OK)
        fs_remove_tree(place.ptr, &ignored);
    return status != STATUS_IO ? status : error_wrap(err, "cannot restore " STR_FMT, STR_ARG(out->path));
}
