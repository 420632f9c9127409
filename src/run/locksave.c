/* Keeping refit.lock: merging what a run learned into it, writing it once, knowing that it is current. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "run/run.h"

static const struct str mark_name = {"refit.lock", 10};

enum { LOCK_BYTES_MAX = 1 << 30 };

void fields_encode(const struct fields *fields, struct buf *out)
{
    buf_u32(out, fields->count);
    for (uint32_t i = 0; i < fields->count; i++) {
        buf_u8(out, (uint8_t)fields->items[i].tag);
        buf_lstr(out, fields->items[i].name);
        buf_lstr(out, fields->items[i].value);
    }
}

bool fields_decode(struct arena *arena, struct str bytes, struct fields *out)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    out->count = reader_u32(&r);
    if (r.bad || out->count > bytes.len)
        return false;
    out->items = arena_array(arena, struct field, out->count);
    for (uint32_t i = 0; i < out->count; i++) {
        out->items[i].tag = (enum field_tag)reader_u8(&r);
        out->items[i].name = reader_lstr(&r);
        out->items[i].value = reader_lstr(&r);
    }
    return reader_done(&r);
}

struct fields fields_of_found(struct arena *arena, const struct record_input *found, uint32_t count)
{
    struct fields fields = {arena_array(arena, struct field, count), 0};
    for (uint32_t i = 0; i < count; i++) {
        struct input input = {
            .kind = found[i].kind, .executable = found[i].executable, .digest = found[i].digest, .link = STR("")};
        if (!str_starts(found[i].path, STR("/")))
            fields.items[fields.count++] =
                (struct field){FIELD_FOUND, str_dup(arena, found[i].path), input_text(arena, &input)};
    }
    fields_sort(&fields);
    return fields;
}

void fields_split_found(struct fields *fields, struct fields *found)
{
    uint32_t keyed = fields->count;
    while (keyed > 0 && fields->items[keyed - 1].tag == FIELD_FOUND)
        keyed--;
    *found = (struct fields){fields->items + keyed, fields->count - keyed};
    fields->count = keyed;
}

static int compare_stages(const void *a, const void *b)
{
    return str_compare(((const struct lock_stage *)a)->name, ((const struct lock_stage *)b)->name);
}

void lock_sort(struct lock *lock)
{
    if (lock->stage_count > 1)
        qsort(lock->stages, lock->stage_count, sizeof *lock->stages, compare_stages);
}

struct lock lock_merge(struct arena *arena, const struct graph *graph, const struct lock *old,
                       const struct lock_stage *(*news)(void *ctx, uint32_t stage), void *ctx)
{
    struct lock lock = {.stages = arena_array(arena, struct lock_stage, graph->stage_count)};
    for (uint32_t i = 0; i < graph->stage_count; i++) {
        const struct lock_stage *entry = news(ctx, i);
        if (entry == NULL)
            entry = lock_find(old, graph->stages[i].declared->name);
        if (entry == NULL)
            continue;
        struct lock_stage *copy = &lock.stages[lock.stage_count++];
        *copy = *entry;
        copy->outs = arena_copy(arena, entry->outs, entry->out_count * sizeof *entry->outs);
        outs_sort(copy->outs, copy->out_count);
    }
    lock_sort(&lock);
    return lock;
}

enum status lock_follow(struct arena *arena, struct lock *lock, struct error *err)
{
    struct buf text = {0};
    struct error ignored; /* loading it says the same */
    struct digest now = {{0}};
    if (fs_read(LOCK_FILE, LOCK_BYTES_MAX, &text, &ignored) == STATUS_OK)
        now = digest_of(text.ptr, text.len);
    buf_finish(&text);
    return digest_equal(now, lock->text) ? STATUS_OK : lock_load(arena, lock, err);
}

/* ---- knowing that it is current ---- */

/* What the state keeps of refit.lock as this workspace wrote or saw it: its stages are those of the manifest, and it
 * says of each what the state remembers. It is read again only as long as its stat proves nothing. */
struct mark {
    struct digest text, names;
    struct file_stat stat;
    bool settled; /* the stat was as it is for so long that an edit must show in it */
};

static struct mark make_mark(const struct project *p, struct str text)
{
    struct stat st;
    struct mark mark = {.text = digest_of(text.ptr, text.len)};
    if (lstat(LOCK_FILE, &st) == 0)
        mark.stat = file_stat_of(&st);
    struct hasher *hasher = hasher_create();
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        struct str name = p->graph.stages[i].declared->name;
        hasher_update(hasher, name.ptr, name.len + 1); /* names are terminated */
    }
    mark.names = hasher_digest(hasher);
    hasher_destroy(hasher);
    return mark;
}

static void keep_mark(struct project *p, const struct mark *mark)
{
    struct buf bytes = {0};
    buf_append(&bytes, mark->text.bytes, DIGEST_SIZE);
    buf_append(&bytes, mark->names.bytes, DIGEST_SIZE);
    buf_u64(&bytes, mark->stat.inode);
    buf_u64(&bytes, mark->stat.size);
    buf_u64(&bytes, (uint64_t)mark->stat.mtime_ns);
    buf_u64(&bytes, (uint64_t)mark->stat.ctime_ns);
    buf_u8(&bytes, mark->settled);
    state_set_value(p->state, mark_name, buf_view(&bytes));
    buf_finish(&bytes);
}

static enum status get_mark(struct project *p, struct mark *mark, bool *found, struct error *err)
{
    struct arena scratch;
    struct str bytes;
    arena_init(&scratch);
    enum status status = state_get_value(p->state, mark_name, &scratch, &bytes, found, err);
    if (status == STATUS_OK && *found) {
        struct reader r = reader_from(bytes.ptr, bytes.len);
        mark->text = reader_digest(&r);
        mark->names = reader_digest(&r);
        mark->stat.inode = reader_u64(&r);
        mark->stat.size = reader_u64(&r);
        mark->stat.mtime_ns = (int64_t)reader_u64(&r);
        mark->stat.ctime_ns = (int64_t)reader_u64(&r);
        mark->settled = reader_u8(&r) == 1;
        *found = reader_done(&r);
    }
    arena_finish(&scratch);
    return status;
}

enum status lock_is_current(struct project *p, bool *current, struct error *err)
{
    struct mark before, now;
    struct error ignored; /* what cannot be read is not current: whoever needs it says why */
    bool settled = digest_is_settled(p->fp, STR(LOCK_FILE), p->opened_ns, &p->lock_stats);
    enum status status = get_mark(p, &before, current, err);
    if (status != STATUS_OK || !*current)
        return status;
    now = make_mark(p, STR(""));
    *current = digest_equal(now.names, before.names);
    if (!*current || (before.settled && file_stat_equal(&now.stat, &before.stat)))
        return STATUS_OK;
    struct buf text = {0};
    *current = fs_read(LOCK_FILE, LOCK_BYTES_MAX, &text, &ignored) == STATUS_OK &&
               digest_equal(digest_of(text.ptr, text.len), before.text);
    buf_finish(&text);
    if (*current && settled) { /* since before it was read */
        now.text = before.text;
        now.settled = true;
        keep_mark(p, &now);
    }
    return STATUS_OK;
}

void lock_forget(struct project *p)
{
    state_set_value(p->state, mark_name, STR(""));
}

static enum status write_lock(struct str text, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    enum status status =
        fs_write_atomic(LOCK_FILE, temporary_place(&scratch, STR(LOCK_FILE)).ptr, text, 0666, true, err);
    arena_finish(&scratch);
    return status;
}

enum status lock_save(struct project *p, const struct lock *lock, bool whole, bool dry, bool *changed,
                      struct error *err)
{
    struct buf text = {0}, before = {0};
    struct error why;
    bool current = false;
    lock_print(lock, &text);
    enum status status = fs_read(LOCK_FILE, LOCK_BYTES_MAX, &before, &why);
    *changed = status != STATUS_OK || !str_equal(buf_view(&before), buf_view(&text));
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        *err = why;
        goto out;
    }
    status = STATUS_OK;
    if (*changed && !dry)
        status = write_lock(buf_view(&text), err);
    current = status == STATUS_OK && whole && !(*changed && dry);
out:
    lock_forget(p); /* without a mark the next run reads the file, and tells it of every stage */
    if (current) {
        struct mark mark = make_mark(p, buf_view(&text));
        keep_mark(p, &mark);
    }
    buf_finish(&text);
    buf_finish(&before);
    return status;
}
