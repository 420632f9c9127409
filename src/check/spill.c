/* External sorting. A run is a sequence of records: a head, then the bytes. */
#include "check/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/digest.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum { READ_BYTES = 64 << 10, RUNS_MAX = 256, BUCKET_BITS = 16, WRITE_BYTES = 1 << 20 };

struct head {
    uint64_t hash, line;
    uint32_t len;
    uint8_t side;
};

struct run {
    uint64_t at, end; /* in the file: what is not read yet */
    char *buffer;     /* while merging; malloc'd */
    size_t from, to, cap;
    struct head head;
    const char *bytes;
    bool there;
};

struct spill {
    size_t bytes_max;
    char *data; /* records in memory */
    size_t len, cap;
    uint64_t *order; /* of records: where each begins */
    uint32_t count, order_cap;
    int fd;
    uint64_t file_bytes;
    struct run *runs;
    uint32_t run_count, run_cap;
    uint32_t next; /* of what was sorted in memory alone */
    struct buf last; /* the bytes of the item that was given last */
    struct buf out;  /* what is to be written */
};

struct spill *spill_create(size_t bytes_max)
{
    struct spill *s = mem_alloc(sizeof *s);
    s->bytes_max = bytes_max;
    s->fd = -1;
    return s;
}

void spill_destroy(struct spill *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->run_count; i++)
        free(s->runs[i].buffer);
    if (s->fd >= 0)
        close(s->fd);
    buf_finish(&s->last);
    buf_finish(&s->out);
    free(s->runs);
    free(s->order);
    free(s->data);
    free(s);
}

static struct head head_at(const char *record)
{
    struct head head;
    memcpy(&head, record, sizeof head);
    return head;
}

static int compare_records(const char *a, const char *b)
{
    struct head x = head_at(a), y = head_at(b);
    if (x.hash != y.hash)
        return x.hash < y.hash ? -1 : 1;
    int order = str_compare((struct str){a + sizeof x, x.len}, (struct str){b + sizeof y, y.len});
    if (order == 0)
        order = (x.side > y.side) - (x.side < y.side);
    return order != 0 ? order : (x.line > y.line) - (x.line < y.line);
}

static int compare_places(const void *a, const void *b, void *data)
{
    return compare_records((const char *)data + *(const uint64_t *)a, (const char *)data + *(const uint64_t *)b);
}

/* By the upper bits of the hash into buckets, which are small, as hashes are spread evenly. */
static void sort_memory(struct spill *s)
{
    enum { BUCKETS = 1 << BUCKET_BITS };
    uint32_t *starts = mem_alloc((BUCKETS + 1) * sizeof *starts);
    uint64_t *sorted = mem_alloc(mem_product(s->count ? s->count : 1, sizeof *sorted));
    for (uint32_t i = 0; i < s->count; i++)
        starts[(head_at(s->data + s->order[i]).hash >> (64 - BUCKET_BITS)) + 1]++;
    for (uint32_t i = 0; i < BUCKETS; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = 0; i < s->count; i++)
        sorted[starts[head_at(s->data + s->order[i]).hash >> (64 - BUCKET_BITS)]++] = s->order[i];
    for (uint32_t i = 0, from = 0; i < BUCKETS; from = starts[i++]) /* by now a bucket's start is its end */
        if (starts[i] - from > 1)
            qsort_r(sorted + from, starts[i] - from, sizeof *sorted, compare_places, s->data);
    free(s->order);
    s->order = sorted;
    s->order_cap = s->count;
    free(starts);
}

/* ---- the file ---- */

static enum status open_file(struct spill *s, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    struct buf name = {0};
    if (s->fd >= 0)
        return STATUS_OK;
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    buf_print(&name, "%s/refit-check-XXXXXX", folder);
    s->fd = mkostemp(name.ptr, O_CLOEXEC);
    enum status status = STATUS_OK;
    if (s->fd < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make a file to sort in, in %s", folder);
    else if (unlink(name.ptr) < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot remove %s", name.ptr);
    buf_finish(&name);
    return status;
}

static enum status flush(struct spill *s, struct error *err)
{
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = fs_write_all(s->fd, s->out.ptr, s->out.len, "the file that is sorted in", err);
    s->file_bytes += s->out.len;
    buf_clear(&s->out);
    return status;
}

static enum status put(struct spill *s, const struct head *head, const char *bytes, struct error *err)
{
    buf_append(&s->out, head, sizeof *head);
    buf_append(&s->out, bytes, head->len);
    return s->out.len >= WRITE_BYTES ? flush(s, err) : STATUS_OK;
}

static enum status end_run(struct spill *s, uint64_t from, struct error *err)
{
    enum status status = flush(s, err);
    MEM_GROW(s->runs, s->run_count, s->run_cap);
    s->runs[s->run_count++] = (struct run){.at = from, .end = s->file_bytes};
    return status;
}

static enum status write_memory(struct spill *s, struct error *err)
{
    enum status status = open_file(s, err);
    uint64_t from = s->file_bytes;
    sort_memory(s);
    for (uint32_t i = 0; i < s->count && status == STATUS_OK; i++) {
        struct head head = head_at(s->data + s->order[i]);
        status = put(s, &head, s->data + s->order[i] + sizeof head, err);
    }
    s->count = 0;
    s->len = 0;
    return status == STATUS_OK ? end_run(s, from, err) : status;
}

/* ---- merging ---- */

static enum status need(struct spill *s, struct run *run, size_t bytes, struct error *err)
{
    if (run->to - run->from >= bytes)
        return STATUS_OK;
    memmove(run->buffer, run->buffer + run->from, run->to - run->from);
    run->to -= run->from;
    run->from = 0;
    if (run->cap < bytes) {
        run->cap = bytes + READ_BYTES;
        run->buffer = mem_resize(run->buffer, run->cap);
    }
    while (run->to < bytes) {
        size_t room = run->cap - run->to;
        if (room > run->end - run->at)
            room = (size_t)(run->end - run->at);
        ssize_t got = pread(s->fd, run->buffer + run->to, room, (off_t)run->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, STATUS_IO, got < 0 ? errno : EIO, "cannot read the file that is sorted in");
        run->at += (uint64_t)got;
        run->to += (size_t)got;
    }
    return STATUS_OK;
}

static enum status advance(struct spill *s, struct run *run, struct error *err)
{
    if (run->buffer == NULL) {
        run->cap = READ_BYTES;
        run->buffer = mem_alloc(run->cap);
    }
    run->there = run->from < run->to || run->at < run->end;
    if (!run->there)
        return STATUS_OK;
    enum status status = need(s, run, sizeof run->head, err);
    if (status != STATUS_OK)
        return status;
    run->head = head_at(run->buffer + run->from);
    status = need(s, run, sizeof run->head + run->head.len, err);
    run->bytes = run->buffer + run->from + sizeof run->head;
    run->from += sizeof run->head + run->head.len;
    return status;
}

/* Runs as a heap, the least on top. The bytes of a record stand right behind its head in the buffer. */
static bool is_less(const struct run *a, const struct run *b)
{
    if (!a->there || !b->there)
        return a->there && !b->there;
    return compare_records(a->bytes - sizeof a->head, b->bytes - sizeof b->head) < 0;
}

static void sink(struct run *runs, uint32_t count, uint32_t at)
{
    for (;;) {
        uint32_t least = at, left = 2 * at + 1;
        for (uint32_t child = left; child < count && child <= left + 1; child++)
            if (is_less(&runs[child], &runs[least]))
                least = child;
        if (least == at)
            return;
        struct run swapped = runs[at];
        runs[at] = runs[least];
        runs[least] = swapped;
        at = least;
    }
}

static enum status begin_merge(struct spill *s, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < s->run_count && status == STATUS_OK; i++)
        status = advance(s, &s->runs[i], err);
    for (uint32_t i = s->run_count; i-- > 0 && status == STATUS_OK;)
        sink(s->runs, s->run_count, i);
    return status;
}

/* All runs become one, so that their number stays bounded. */
static enum status merge_runs(struct spill *s, struct error *err)
{
    uint64_t from = s->file_bytes;
    enum status status = begin_merge(s, err);
    while (status == STATUS_OK && s->runs[0].there) {
        status = put(s, &s->runs[0].head, s->runs[0].bytes, err);
        if (status == STATUS_OK)
            status = advance(s, &s->runs[0], err);
        sink(s->runs, s->run_count, 0);
    }
    for (uint32_t i = 0; i < s->run_count; i++)
        free(s->runs[i].buffer);
    s->run_count = 0;
    return status == STATUS_OK ? end_run(s, from, err) : status;
}

/* ---- */

enum status spill_add(struct spill *s, struct str bytes, uint8_t side, uint64_t line, struct error *err)
{
    struct head head = {.hash = hash64(bytes.ptr, bytes.len), .line = line, .len = (uint32_t)bytes.len, .side = side};
    size_t size = sizeof head + bytes.len;
    enum status status = STATUS_OK;
    if (s->count > 0 && s->len + size + s->count * 2 * sizeof *s->order > s->bytes_max) {
        status = write_memory(s, err);
        if (status == STATUS_OK && s->run_count == RUNS_MAX)
            status = merge_runs(s, err);
    }
    if (s->len + size > s->cap) {
        size_t cap = 2 * s->cap < s->bytes_max ? 2 * s->cap : s->bytes_max;
        s->cap = cap > s->len + size ? cap : s->len + size + READ_BYTES;
        s->data = mem_resize(s->data, s->cap);
    }
    MEM_GROW(s->order, s->count, s->order_cap);
    s->order[s->count++] = s->len;
    memcpy(s->data + s->len, &head, sizeof head);
    memcpy(s->data + s->len + sizeof head, bytes.ptr, bytes.len);
    s->len += size;
    return status;
}

enum status spill_sort(struct spill *s, struct error *err)
{
    s->next = 0;
    if (s->run_count == 0) {
        sort_memory(s);
        return STATUS_OK;
    }
    enum status status = s->count > 0 ? write_memory(s, err) : STATUS_OK;
    free(s->data);
    s->data = NULL;
    s->cap = 0;
    return status == STATUS_OK ? begin_merge(s, err) : status;
}

enum status spill_next(struct spill *s, struct spill_item *out, bool *there, struct error *err)
{
    if (s->run_count == 0) {
        *there = s->next < s->count;
        if (!*there)
            return STATUS_OK;
        const char *record = s->data + s->order[s->next++];
        struct head head = head_at(record);
        *out = (struct spill_item){head.hash, head.line, {record + sizeof head, head.len}, head.side};
        return STATUS_OK;
    }
    struct run *run = &s->runs[0];
    *there = run->there;
    if (!run->there)
        return STATUS_OK;
    buf_clear(&s->last);
    buf_append(&s->last, run->bytes, run->head.len);
    *out = (struct spill_item){run->head.hash, run->head.line, buf_view(&s->last), run->head.side};
    enum status status = advance(s, run, err);
    sink(s->runs, s->run_count, 0);
    return status;
}
