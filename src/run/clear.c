/* Making room for outs. What the store has may be removed; everything else is moved away first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/run.h"

void clear_finish(struct clearing *c)
{
    free(c->rescued);
    c->rescued = NULL;
    c->rescued_count = c->rescued_cap = 0;
}

/* Could what is at this path be had back? */
static enum status is_stored(struct clearing *c, struct str path, bool *stored, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    struct input now;
    bool complete;
    struct error why;
    *stored = false;
    if (digest_path(c->project->fp, c->arena, path, &options, &now, &complete, &why) != STATUS_OK)
        return interrupt_check(false, err); /* not something that an out can be: nobody has it */
    for (uint32_t i = 0; i < c->known_count; i++)
        if (str_equal(c->known[i].path, path) && !c->known[i].stored && digest_equal(c->known[i].digest, now.digest)) {
            *stored = true; /* made by the stage, and declared as not to be kept */
            return STATUS_OK;
        }
    bool whole; /* a file, the text of a link, or a tree as it is */
    enum status status = store_has(c->project->store, now.digest, &whole, err);
    if (status != STATUS_OK || now.kind != ENTRY_DIRECTORY) {
        *stored = status == STATUS_OK && whole;
        return status;
    }
    struct tree tree;
    if (digest_tree(c->project->fp, c->arena, path, &options, &tree, &why) != STATUS_OK)
        return interrupt_check(false, err);
    *stored = true;
    for (uint32_t i = 0; i < tree.count && *stored && status == STATUS_OK; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = store_has(c->project->store, tree.entries[i].digest, stored, err);
        else if (tree.entries[i].kind == ENTRY_LINK)
            *stored = whole; /* its text is kept in the tree alone */
    return status;
}

/* A free name for what is moved away: a stage may be cleared more than once in a run. */
static struct str free_place(struct arena *arena, struct str place)
{
    struct str name = place;
    struct stat st;
    bool found;
    struct error ignored;
    for (unsigned n = 2; fs_lstat(name.ptr, &st, &found, &ignored) == STATUS_OK && found; n++)
        name = str_format(arena, STR_FMT "~%u", STR_ARG(place), n);
    return name;
}

/* Nobody else has these bytes: their new name must be there for good before anything is made under the old one. */
static enum status sync_above(struct clearing *c, struct str place, struct error *err)
{
    enum status status = STATUS_OK;
    for (struct str folder = path_parent(place); status == STATUS_OK && !str_is(folder, ".");
         folder = path_parent(folder))
        status = fs_sync_directory(str_terminated(c->arena, folder), err);
    return status;
}

static enum status move_away(struct clearing *c, struct str path, struct error *err)
{
    struct str place = str_format(c->arena, ".refit/rescue/" STR_FMT "/" STR_FMT, STR_ARG(c->run_id), STR_ARG(path));
    place = free_place(c->arena, place);
    enum status status = fs_move(path.ptr, place.ptr, err);
    if (status == STATUS_OK)
        status = sync_above(c, place, err);
    if (status != STATUS_OK)
        return error_wrap(err, "the store does not have " STR_FMT ", so it must not be removed", STR_ARG(path));
    MEM_GROW(c->rescued, c->rescued_count, c->rescued_cap);
    c->rescued[c->rescued_count++] = place;
    return STATUS_OK;
}

enum status clear_out(struct clearing *c, struct str path, struct error *err)
{
    struct stat st;
    bool found, stored;
    enum status status = fs_lstat(path.ptr, &st, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    status = project_open_store(c->project, err);
    if (status == STATUS_OK)
        status = is_stored(c, path, &stored, err);
    if (status != STATUS_OK)
        return status;
    return stored ? fs_remove_tree(path.ptr, err) : move_away(c, path, err);
}

static bool is_as_left(struct clearing *c, struct str path)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    struct input now;
    bool complete;
    struct error ignored; /* what cannot be digested was never an out */
    if (digest_path(c->project->fp, c->arena, path, &options, &now, &complete, &ignored) != STATUS_OK)
        return false;
    for (uint32_t i = 0; i < c->known_count; i++)
        if (str_equal(c->known[i].path, path) && c->known[i].kind == now.kind)
            return digest_equal(c->known[i].digest, now.digest);
    return false;
}

/* What an attempt without a record left goes to .refit/attempts/STAGE; the attempt before it is forgotten. */
enum status clear_attempt(struct clearing *c, const struct manifest_stage *stage, bool as_left, struct error *err)
{
    struct str place = str_format(c->arena, ".refit/attempts/" STR_FMT, STR_ARG(run_file_name(c->arena, stage->name)));
    bool emptied = false;
    for (uint32_t i = 0; i < stage->out_count; i++) {
        struct stat st;
        bool found;
        enum status status = fs_lstat(stage->outs[i].path.ptr, &st, &found, err);
        if (status == STATUS_OK && found && !stage->outs[i].persist &&
            (!as_left || is_as_left(c, stage->outs[i].path))) {
            if (!emptied)
                status = fs_remove_tree(place.ptr, err);
            emptied = true;
            if (status == STATUS_OK)
                status = fs_move(stage->outs[i].path.ptr,
                                   path_join(c->arena, place, stage->outs[i].path).ptr, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
