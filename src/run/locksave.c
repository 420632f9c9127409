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

static int compare_stages(const void *a, const void *b)
{
    return str_compare(((const struct lock_stage *)a)->name, ((const struct lock_stage *)b)->name);
}

static int compare_outs(const void *a, const void *b)
{
    return str_compare(((const struct record_out *)a)->path, ((const struct record_out *)b)->path);
}

struct lock lock_merge(struct arena *arena, const struct graph *graph, const struct lock *old,
                       const struct lock_stage *(*news)(void *ctx, uint32_t stage), void *ctx)
{
    struct lock lock = {arena_array(arena, struct lock_stage, graph->stage_count), 0};
    for (uint32_t i = 0; i < graph->stage_count; i++) {
        const struct lock_stage *entry = news(ctx, i);
        if (entry == NULL)
            entry = lock_find(old, graph->stages[i].declared->name);
        if (entry == NULL)
            continue;
        struct lock_stage *copy = &lock.stages[lock.stage_count++];
        *copy = *entry;
        copy->outs = arena_copy(arena, entry->outs, entry->out_count * sizeof *entry->outs);
        if (copy->out_count > 1)
            qsort(copy->outs, copy->out_count, sizeof *copy->outs, compare_outs);
    }
    if (lock.stage_count > 1)
        qsort(lock.stages, lock.stage_count, sizeof *lock.stages, compare_stages);
    return lock;
}

/* What must be the same for refit.lock to be believed without reading it: its stat, and the stages of the manifest. */
static void append_mark(const struct project *p, struct buf *out)
{
    struct stat st;
    struct file_stat stat = {0};
    if (lstat(LOCK_FILE, &st) == 0)
        stat = file_stat_of(&st);
    buf_u64(out, stat.inode);
    buf_u64(out, stat.size);
    buf_u64(out, (uint64_t)stat.mtime_ns);
    buf_u64(out, (uint64_t)stat.ctime_ns);
    struct hasher *hasher = hasher_create();
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        struct str name = p->graph.stages[i].declared->name;
        hasher_update(hasher, name.ptr, name.len + 1); /* names are terminated */
    }
    struct digest names = hasher_digest(hasher);
    hasher_destroy(hasher);
    buf_append(out, names.bytes, DIGEST_SIZE);
}

enum status lock_is_current(struct project *p, bool *current, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    struct buf now = {0};
    struct str before;
    bool found;
    append_mark(p, &now);
    enum status status = state_get_value(p->state, mark_name, &scratch, &before, &found, err);
    *current = status == STATUS_OK && found && str_equal(before, buf_view(&now));
    buf_finish(&now);
    arena_finish(&scratch);
    return status;
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
    struct buf text = {0}, before = {0}, mark = {0};
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
    /* No mark: the next run reads the file, and tells it of every stage. */
    if (current)
        append_mark(p, &mark);
    state_set_value(p->state, mark_name, buf_view(&mark));
    buf_finish(&text);
    buf_finish(&before);
    buf_finish(&mark);
    return status;
}
