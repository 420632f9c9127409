/* What `refit reproduce` left in a folder: noted at its end, so that whatever differs later is known to be the user's.
 *
 * `.refit/copied` of the folder: its check (a digest of what follows), version u8, the root of the project in it, then
 * for each path: its name, and a digest of what lstat(2) says of it. A folder that is being filled has none. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/copy.h"

#define NOTE ".refit/copied"
#define FOLDERS ".refit/reproduce"
#define RESCUE ".refit/rescue"

enum { NOTE_VERSION = 1, NOTE_BYTES_MAX = 1 << 30 };

/* ---- walking ---- */

struct walk {
    struct arena *arena;
    struct str folder, root; /* as of struct copying; their `.refit` is refit's */
    enum status (*each)(struct walk *walk, struct str path, const struct stat *st, struct error *err);
    struct buf *out;           /* noting */
    struct table *known;       /* comparing: path → index */
    const struct digest *stats;
    struct edits *edits;
};

/* Not the inode, nor when that changed: a workspace may be copied, or come out of a cache. */
static struct digest stat_digest(const struct stat *st)
{
    struct buf text = {0};
    buf_u32(&text, (uint32_t)st->st_mode);
    if (!S_ISDIR(st->st_mode)) { /* a folder is what is in it */
        buf_u64(&text, (uint64_t)st->st_size);
        buf_u64(&text, (uint64_t)st->st_mtim.tv_sec);
        buf_u64(&text, (uint64_t)st->st_mtim.tv_nsec);
    }
    struct digest digest = digest_of(text.ptr, text.len);
    buf_finish(&text);
    return digest;
}

static bool is_refits(const struct walk *w, struct str path)
{
    return str_is(path, ".refit") ||
           (!str_is(w->root, ".") && str_equal(path, path_join(w->arena, w->root, STR(".refit"))));
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The names in a folder, sorted, so that the same path is told each time. */
enum status folder_names(struct arena *arena, const char *place, struct str **names, uint32_t *count,
                         struct error *err)
{
    DIR *stream = opendir(place);
    struct dirent *entry;
    uint32_t cap = 0;
    *names = NULL;
    *count = 0;
    if (stream == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot open the folder %s", place);
    while ((errno = 0, entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        MEM_GROW(*names, *count, cap);
        (*names)[(*count)++] = str_dup(arena, str_from(entry->d_name));
    }
    enum status status = errno == 0 ? STATUS_OK : error_errno(err, STATUS_IO, errno, "cannot list %s", place);
    closedir(stream);
    if (*count > 1)
        qsort(*names, *count, sizeof **names, compare_names);
    return status;
}

static enum status walk_folder(struct walk *w, struct str folder, struct error *err)
{
    struct str *names;
    uint32_t count;
    enum status status = folder_names(w->arena, path_join(w->arena, w->folder, folder).ptr, &names, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct str path = path_join(w->arena, folder, names[i]);
        struct stat st;
        bool found;
        if (is_refits(w, path))
            continue;
        status = fs_lstat(path_join(w->arena, w->folder, path).ptr, &st, &found, err);
        if (status != STATUS_OK || !found)
            continue;
        status = w->each(w, path, &st, err);
        if (status == STATUS_OK && S_ISDIR(st.st_mode))
            status = walk_folder(w, path, err);
    }
    free(names);
    return status == STATUS_OK ? interrupt_check(false, err) : status;
}

/* All of the folder; of `.refit` what was rescued, since that is there once. */
static enum status walk_all(struct walk *w, struct error *err)
{
    struct stat st;
    bool found;
    struct str rescue = path_join(w->arena, w->root, STR(RESCUE));
    enum status status = walk_folder(w, STR("."), err);
    if (status == STATUS_OK)
        status = fs_lstat(path_join(w->arena, w->folder, rescue).ptr, &st, &found, err);
    return status == STATUS_OK && found && S_ISDIR(st.st_mode) ? walk_folder(w, rescue, err) : status;
}

/* ---- noting ---- */

static enum status note_one(struct walk *w, struct str path, const struct stat *st, struct error *err)
{
    struct digest digest = stat_digest(st);
    (void)err;
    buf_lstr(w->out, path);
    buf_append(w->out, digest.bytes, DIGEST_SIZE);
    return STATUS_OK;
}

enum status copied_note(const struct copying *c, struct arena *arena, struct error *err)
{
    struct buf text = {0};
    struct str root = str_equal(c->root, c->folder) ? STR(".") : str_slice(c->root, c->folder.len + 1, c->root.len);
    struct walk walk = {.arena = arena, .folder = c->folder, .root = root, .each = note_one, .out = &text};
    buf_append(&text, (const uint8_t[DIGEST_SIZE]){0}, DIGEST_SIZE);
    buf_u8(&text, NOTE_VERSION);
    buf_lstr(&text, root);
    enum status status = walk_all(&walk, err);
    if (status == STATUS_OK) {
        struct digest check = digest_of(text.ptr + DIGEST_SIZE, text.len - DIGEST_SIZE);
        const char *place = path_join(arena, c->folder, STR(NOTE)).ptr;
        memcpy(text.ptr, check.bytes, DIGEST_SIZE);
        status = fs_write_atomic(place, str_format(arena, "%s.tmp", place).ptr, buf_view(&text), 0666, false, err);
    }
    buf_finish(&text);
    return status;
}

enum status copied_forget(struct arena *arena, struct str folder, struct error *err)
{
    return fs_remove_tree(path_join(arena, folder, STR(NOTE)).ptr, err);
}

/* ---- comparing ---- */

static void add_edit(struct edits *edits, struct str path)
{
    if (edits->count++ == 0)
        edits->first = path;
}

static enum status compare_one(struct walk *w, struct str path, const struct stat *st, struct error *err)
{
    uint32_t at = table_get(w->known, path);
    (void)err;
    if (at == TABLE_NONE || !digest_equal(w->stats[at], stat_digest(st)))
        add_edit(w->edits, path);
    return STATUS_OK;
}

/* A note that is damaged, or of another refit, says nothing. */
static bool parse_note(struct walk *w, struct str text)
{
    struct reader r = reader_from(text.ptr, text.len);
    uint32_t count = 0;
    const void *check = reader_bytes(&r, DIGEST_SIZE);
    struct digest own = r.bad ? (struct digest){{0}} : digest_of(text.ptr + DIGEST_SIZE, text.len - DIGEST_SIZE);
    if (r.bad || memcmp(check, own.bytes, DIGEST_SIZE) != 0 || reader_u8(&r) != NOTE_VERSION)
        return false;
    w->root = str_dup(w->arena, reader_lstr(&r));
    struct digest *stats = arena_array(w->arena, struct digest, text.len / DIGEST_SIZE);
    while (!r.bad && !reader_done(&r)) {
        struct str path = reader_lstr(&r);
        const void *digest = reader_bytes(&r, DIGEST_SIZE);
        if (r.bad)
            return false;
        memcpy(stats[count].bytes, digest, DIGEST_SIZE);
        table_add(w->known, str_dup(w->arena, path), count++);
    }
    w->stats = stats;
    return !r.bad;
}

enum status copied_compare(struct arena *arena, struct str folder, struct edits *out, struct error *err)
{
    struct buf text = {0};
    struct table known = {0};
    struct walk walk = {.arena = arena, .folder = folder, .each = compare_one, .known = &known, .edits = out};
    struct error why;
    *out = (struct edits){0};
    enum status status = fs_read(path_join(arena, folder, STR(NOTE)).ptr, NOTE_BYTES_MAX, &text, &why);
    if (status == STATUS_OK)
        out->noted = parse_note(&walk, buf_view(&text));
    else if (status != STATUS_NOT_FOUND)
        *err = why;
    if (status == STATUS_OK && out->noted)
        status = walk_all(&walk, err);
    out->root = walk.root;
    table_finish(&known);
    buf_finish(&text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct str copied_edit_text(struct arena *arena, struct str folder, const struct edits *edits)
{
    struct str first = str_printable(arena, edits->first);
    if (edits->count == 1)
        return str_format(arena, STR_FMT ": " STR_FMT " was changed there since", STR_ARG(folder), STR_ARG(first));
    return str_format(arena, STR_FMT ": " STR_FMT " and %u more were changed there since", STR_ARG(folder),
                      STR_ARG(first), edits->count - 1);
}

/* ---- removing ---- */

struct cleaning {
    struct arena *arena;
    const struct gc_options *options;
    struct gc_result *out;
};

static void leave(struct cleaning *c, struct str why)
{
    c->options->warn(c->options->ctx, str_format(c->arena, STR_FMT "; it stays", STR_ARG(why)));
}

/* A folder that was never noted is left to the user. Looked at again once nobody else is there: the locks are where the
 * project is. */
static enum status remove_copy(struct cleaning *c, struct str folder, uint64_t bytes, struct error *err)
{
    struct workspace_lock lock;
    struct edits edits;
    bool claimed;
    enum status status = copied_compare(c->arena, folder, &edits, err);
    struct str root = edits.noted ? path_join(c->arena, folder, edits.root) : folder;
    if (status == STATUS_OK)
        status = workspace_claim_other(c->arena, root, &lock, &claimed, err);
    if (status != STATUS_OK)
        return status;
    if (!claimed) {
        leave(c, str_format(c->arena, STR_FMT ": a run is at work there", STR_ARG(folder)));
        return STATUS_OK;
    }
    status = copied_compare(c->arena, folder, &edits, err);
    if (status == STATUS_OK && !edits.noted)
        leave(c, str_format(c->arena, STR_FMT ": it was not finished, so nobody knows what is yours in it",
                            STR_ARG(folder)));
    else if (status == STATUS_OK && edits.count > 0)
        leave(c, copied_edit_text(c->arena, folder, &edits));
    else if (status == STATUS_OK) {
        status = fs_remove_tree(folder.ptr, err);
        c->out->removed_folders += status == STATUS_OK;
        c->out->removed_bytes += status == STATUS_OK ? bytes : 0;
    }
    workspace_unlock(&lock);
    return status;
}

enum status copies_clean(struct project *p, const struct gc_options *options, struct gc_result *out,
                         struct error *err)
{
    struct cleaning c = {&p->arena, options, out};
    struct str *names = NULL;
    uint32_t count = 0;
    struct stat st;
    bool found;
    enum status status = fs_lstat(FOLDERS, &st, &found, err);
    if (status == STATUS_OK && found && S_ISDIR(st.st_mode))
        status = folder_names(&p->arena, FOLDERS, &names, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct str folder = path_join(&p->arena, path_join(&p->arena, p->root, STR(FOLDERS)), names[i]);
        bool is;
        status = copy_is_one(&p->arena, folder, &is, err);
        if (status != STATUS_OK || !is)
            continue;
        out->reproduced_folders++;
        uint64_t bytes = folder_bytes(folder.ptr);
        out->reproduced_bytes += bytes;
        if (options->reproduced && !options->dry_run)
            status = remove_copy(&c, folder, bytes, err);
    }
    free(names);
    return status;
}
