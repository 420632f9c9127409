/* refit.lock. From hostile bytes: what is accepted is written in a form that reads back as the same, and is written the
 * same again; its outs stay inside the project. Made of the bytes: whatever refit writes, it can read. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_outs(struct arena *arena, const struct lock *lock)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t j = 0; j < lock->stages[i].out_count; j++) {
            struct str path = lock->stages[i].outs[j].path, made;
            struct error err;
            check(path_make(arena, STR("/r"), STR("."), path, &made, &err) == STATUS_OK && str_equal(path, made));
            check(path_is_inside(path) && !str_is(path, "."));
        }
}

static void check_same_stage(const struct lock_stage *a, const struct lock_stage *b)
{
    check(str_equal(a->name, b->name) && digest_equal(a->key, b->key));
    check(a->fields.count == b->fields.count && a->out_count == b->out_count);
    for (uint32_t i = 0; i < a->fields.count; i++) {
        const struct field *x = &a->fields.items[i], *y = &b->fields.items[i];
        check(x->tag == y->tag && str_equal(x->name, y->name) && str_equal(x->value, y->value));
    }
    for (uint32_t i = 0; i < a->out_count; i++) {
        const struct record_out *x = &a->outs[i], *y = &b->outs[i];
        check(str_equal(x->path, y->path) && x->kind == y->kind && x->executable == y->executable);
        check(x->stored == y->stored && digest_equal(x->digest, y->digest) && x->size == y->size);
    }
}

/* Prints, parses and prints again. With `exact` it comes back as it is, not only as the same text. */
static void check_written(struct arena *arena, const struct lock *lock, bool exact)
{
    struct lock back;
    struct error err;
    struct buf once = {0}, twice = {0};
    lock_print(lock, &once);
    check(lock_parse(arena, str_dup(arena, buf_view(&once)), &back, &err) == STATUS_OK);
    check(back.stage_count == lock->stage_count);
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        check(digest_equal(fields_key(&lock->stages[i].fields), fields_key(&back.stages[i].fields)));
        if (exact)
            check_same_stage(&lock->stages[i], &back.stages[i]);
        check(lock_find(&back, lock->stages[i].name) != NULL);
    }
    lock_print(&back, &twice);
    check(str_equal(buf_view(&once), buf_view(&twice)));
    buf_finish(&once);
    buf_finish(&twice);
}

/* ---- made of the bytes ---- */

/* Bytes that a field or a name may be made of: all but NUL. At times many. */
static struct str read_text(struct reader *r, struct arena *arena)
{
    size_t len = reader_u8(r), times = len >= 250 ? 100 : 1, left = (size_t)(r->end - r->ptr);
    len = len % 25 < left ? len % 25 : left;
    const char *bytes = reader_bytes(r, len);
    struct buf text = {0};
    for (size_t i = 0; i < times * len; i++)
        buf_char(&text, bytes[i % len] ? bytes[i % len] : '0');
    struct str made = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    return made;
}

static int compare_fields(const void *a, const void *b)
{
    const struct field *x = a, *y = b;
    return x->tag != y->tag ? (int)x->tag - (int)y->tag : str_compare(x->name, y->name);
}

/* Commands are numbered; what there is one of has no name. */
static void read_fields(struct reader *r, struct arena *arena, struct fields *out)
{
    uint32_t commands = reader_u8(r) % 4, others = reader_u8(r) % 8, count = 0;
    struct field *items = arena_array(arena, struct field, commands + others);
    for (uint32_t i = 0; i < commands; i++)
        items[count++] = (struct field){FIELD_COMMAND, str_format(arena, "%u", i), read_text(r, arena)};
    for (uint32_t i = 0; i < others; i++) {
        enum field_tag tag = 1 + reader_u8(r) % (FIELD_FOUND - 1);
        bool single = tag == FIELD_PLATFORM || tag == FIELD_SHELL || tag == FIELD_WDIR || tag == FIELD_DEPFILE;
        struct field field = {tag, single ? STR("") : read_text(r, arena), read_text(r, arena)};
        bool taken = tag == FIELD_COMMAND;
        for (uint32_t j = 0; j < count; j++)
            taken = taken || (items[j].tag == tag && str_equal(items[j].name, field.name));
        if (!taken)
            items[count++] = field;
    }
    qsort(items, count, sizeof *items, compare_fields);
    *out = (struct fields){items, count};
}

static int compare_paths(const void *a, const void *b)
{
    return str_compare(((const struct record_out *)a)->path, ((const struct record_out *)b)->path);
}

static void read_outs(struct reader *r, struct arena *arena, struct lock_stage *stage)
{
    uint32_t count = reader_u8(r) % 4;
    stage->outs = arena_array(arena, struct record_out, count);
    for (uint32_t i = 0; i < count; i++) {
        struct record_out out = {.kind = 1 + reader_u8(r) % 3, .stored = reader_u8(r) % 2, .size = reader_u64(r) >> 1};
        struct str raw = read_text(r, arena);
        struct error err;
        bool taken = path_make(arena, STR("/r"), STR("."), raw, &out.path, &err) != STATUS_OK ||
                     !path_is_inside(out.path) || str_is(out.path, ".");
        for (uint32_t j = 0; j < stage->out_count && !taken; j++)
            taken = str_equal(stage->outs[j].path, out.path);
        out.digest = digest_of(raw.ptr, raw.len);
        out.executable = out.kind == ENTRY_FILE && out.size % 2;
        if (!taken)
            stage->outs[stage->out_count++] = out;
    }
    qsort(stage->outs, stage->out_count, sizeof *stage->outs, compare_paths);
}

static int compare_stages(const void *a, const void *b)
{
    return str_compare(((const struct lock_stage *)a)->name, ((const struct lock_stage *)b)->name);
}

static void make(struct arena *arena, struct reader *r, struct lock *lock)
{
    uint32_t count = reader_u8(r) % 4;
    *lock = (struct lock){.stages = arena_array(arena, struct lock_stage, count)};
    for (uint32_t i = 0; i < count; i++) {
        struct lock_stage stage = {.name = read_text(r, arena)};
        bool taken = stage.name.len == 0 || !str_is_utf8(stage.name);
        for (uint32_t j = 0; j < lock->stage_count; j++)
            taken = taken || str_equal(lock->stages[j].name, stage.name);
        read_fields(r, arena, &stage.fields);
        read_outs(r, arena, &stage);
        stage.key = fields_key(&stage.fields);
        if (!taken)
            lock->stages[lock->stage_count++] = stage;
    }
    qsort(lock->stages, lock->stage_count, sizeof *lock->stages, compare_stages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct lock lock;
    struct error err = {.status = STATUS_OK};
    struct reader r = reader_from(data, size);
    arena_init(&arena);
    if (lock_parse(&arena, (struct str){(const char *)data, size}, &lock, &err) == STATUS_OK) {
        check_outs(&arena, &lock);
        check_written(&arena, &lock, false);
    }
    make(&arena, &r, &lock);
    check_written(&arena, &lock, true);
    arena_finish(&arena);
    return 0;
}
