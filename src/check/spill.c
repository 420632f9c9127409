/* Partitions of values. A partition has a chain of chunks for each side; a record is the lengths of the value and of
   the step from the line before, then the value. Records do not cross chunks. */
#include "check/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/digest.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum {
    PARTITION_BITS = 8,
    PARTITIONS = 1 << PARTITION_BITS,
    LEVELS_MAX = 4, /* of partitions in partitions: what is still too large then is equal for the most part */
    CHUNK_BYTES_MIN = 256,
    CHUNK_BYTES_MAX = 16 << 10,
    HEAD_BYTES_MAX = 20 /* two numbers of 7 bits a byte */
};

struct chunk {
    struct chunk *next;
    uint64_t at; /* in the file, if it is there */
    size_t len, cap;
    char *ptr;   /* malloc'd; NULL = in the file */
};

struct chain {
    struct chunk *first, *last;
    bool open; /* the last one takes more */
    uint64_t line, count, bytes;
};

struct spill {
    size_t bytes_max, chunk_bytes;
    unsigned level;
    uint64_t count; /* of all values */
    struct chain chains[SPILL_SIDES][PARTITIONS];
    size_t closed_bytes; /* in memory, of chunks that take no more */
    int fd;
    uint64_t file_bytes;
    char *buffer; /* a chunk out of the file */
    size_t buffer_cap;
};

struct spill *spill_create(size_t bytes_max)
{
    struct spill *s = mem_alloc(sizeof *s);
    s->bytes_max = bytes_max;
    s->chunk_bytes = bytes_max / ((size_t)2 * SPILL_SIDES * PARTITIONS); /* all open ones take half of it */
    s->chunk_bytes = s->chunk_bytes < CHUNK_BYTES_MAX ? s->chunk_bytes : CHUNK_BYTES_MAX;
    s->chunk_bytes = s->chunk_bytes > CHUNK_BYTES_MIN ? s->chunk_bytes : CHUNK_BYTES_MIN;
    s->fd = -1;
    return s;
}

static void free_chain(struct chain *chain)
{
    for (struct chunk *chunk = chain->first, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk->ptr);
        free(chunk);
    }
    *chain = (struct chain){0};
}

void spill_destroy(struct spill *s)
{
    if (s == NULL)
        return;
    for (int side = 0; side < SPILL_SIDES; side++)
        for (int p = 0; p < PARTITIONS; p++)
            free_chain(&s->chains[side][p]);
    if (s->fd >= 0)
        close(s->fd);
    free(s->buffer);
    free(s);
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
        status = error_errno(err, STATUS_IO, errno, "cannot make a file for values, in %s", folder);
    else if (unlink(name.ptr) < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot remove %s", name.ptr);
    buf_finish(&name);
    return status;
}

static enum status write_chain(struct spill *s, struct chain *chain, struct error *err)
{
    enum status status = interrupt_check(false, err);
    for (struct chunk *chunk = chain->first; chunk != NULL && status == STATUS_OK; chunk = chunk->next) {
        if (chunk->ptr == NULL || (chunk == chain->last && chain->open))
            continue;
        status = fs_write_all(s->fd, chunk->ptr, chunk->len, "the file for values", err);
        chunk->at = s->file_bytes;
        s->file_bytes += chunk->len;
        free(chunk->ptr);
        chunk->ptr = NULL;
    }
    return status;
}

static enum status write_closed(struct spill *s, struct error *err)
{
    enum status status = open_file(s, err);
    for (int side = 0; side < SPILL_SIDES; side++)
        for (int p = 0; p < PARTITIONS && status == STATUS_OK; p++)
            status = write_chain(s, &s->chains[side][p], err);
    s->closed_bytes = 0;
    return status;
}

static enum status read_chunk(struct spill *s, const struct chunk *chunk, struct error *err)
{
    size_t done = 0;
    enum status status = interrupt_check(false, err);
    if (s->buffer_cap < chunk->len) {
        s->buffer_cap = chunk->len > s->chunk_bytes ? chunk->len : s->chunk_bytes;
        s->buffer = mem_resize(s->buffer, s->buffer_cap);
    }
    while (done < chunk->len && status == STATUS_OK) {
        ssize_t got = pread(s->fd, s->buffer + done, chunk->len - done, (off_t)(chunk->at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, STATUS_IO, got < 0 ? errno : EIO, "cannot read the file for values");
        done += (size_t)got;
    }
    return status;
}

/* ---- records ---- */

static char *put_number(char *p, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *p++ = (char)(number | 0x80);
    *p++ = (char)number;
    return p;
}

static const char *get_number(const char *p, uint64_t *number)
{
    unsigned shift = 0;
    *number = 0;
    for (; (unsigned char)*p >= 0x80; p++, shift += 7)
        *number |= ((uint64_t)(unsigned char)*p & 0x7f) << shift;
    *number |= (uint64_t)(unsigned char)*p++ << shift;
    return p;
}

static enum status begin_chunk(struct spill *s, struct chain *chain, size_t room, struct error *err)
{
    if (chain->open)
        s->closed_bytes += chain->last->cap;
    chain->open = false;
    enum status status = s->closed_bytes >= s->bytes_max / 2 ? write_closed(s, err) : STATUS_OK;
    struct chunk *chunk = mem_alloc(sizeof *chunk);
    chunk->cap = room > s->chunk_bytes ? room : s->chunk_bytes;
    chunk->ptr = mem_resize(NULL, chunk->cap);
    *(chain->last != NULL ? &chain->last->next : &chain->first) = chunk;
    chain->last = chunk;
    chain->open = true;
    return status;
}

enum status spill_add(struct spill *s, struct str bytes, enum spill_side side, uint64_t line, struct error *err)
{
    uint64_t hash = hash64(bytes.ptr, bytes.len) << s->level * PARTITION_BITS;
    struct chain *chain = &s->chains[side][hash >> (64 - PARTITION_BITS)];
    enum status status = STATUS_OK;
    if (!chain->open || chain->last->cap - chain->last->len < HEAD_BYTES_MAX + bytes.len)
        status = begin_chunk(s, chain, HEAD_BYTES_MAX + bytes.len, err);
    if (status != STATUS_OK)
        return status;
    struct chunk *chunk = chain->last;
    char *p = put_number(chunk->ptr + chunk->len, bytes.len);
    p = put_number(p, line - chain->line);
    memcpy(p, bytes.ptr, bytes.len);
    chunk->len = (size_t)(p - chunk->ptr) + bytes.len;
    chain->line = line;
    chain->count++;
    s->count++;
    chain->bytes += bytes.len;
    if (chunk->cap > s->chunk_bytes) { /* a large value has a chunk of its own, which need not stay */
        chain->open = false;
        s->closed_bytes += chunk->cap;
    }
    return STATUS_OK;
}

/* Reads a chain from its beginning. */
struct chain_reader {
    const struct chunk *chunk; /* the next one */
    const char *p, *end;
    uint64_t line;
    struct str bytes;
};

static enum status next_record(struct spill *s, struct chain_reader *r, bool *there, struct error *err)
{
    uint64_t len, step;
    while (r->p == r->end && r->chunk != NULL) {
        const struct chunk *chunk = r->chunk;
        enum status status = chunk->ptr == NULL ? read_chunk(s, chunk, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        r->p = chunk->ptr != NULL ? chunk->ptr : s->buffer;
        r->end = r->p + chunk->len;
        r->chunk = chunk->next;
    }
    *there = r->p != r->end;
    if (!*there)
        return STATUS_OK;
    r->p = get_number(r->p, &len);
    r->p = get_number(r->p, &step);
    r->line += step;
    r->bytes = (struct str){r->p, (size_t)len};
    r->p += len;
    return STATUS_OK;
}

/* ---- the table of a partition ---- */

struct entry {
    uint64_t hash, first_line, count, at; /* at: of its bytes in `bytes` */
    size_t len;
    bool other;
};

struct groups {
    uint32_t *slots; /* entry + 1 */
    uint64_t mask;
    struct entry *entries;
    uint32_t count, cap;
    struct buf bytes;
};

static void grow_slots(struct groups *g)
{
    enum { SLOTS_MIN = 1024 };
    g->mask = g->slots != NULL ? 2 * (g->mask + 1) - 1 : SLOTS_MIN - 1;
    free(g->slots);
    g->slots = mem_alloc((g->mask + 1) * sizeof *g->slots);
    for (uint32_t i = 0; i < g->count; i++) {
        uint64_t at = g->entries[i].hash & g->mask;
        while (g->slots[at] != 0)
            at = (at + 1) & g->mask;
        g->slots[at] = i + 1;
    }
}

static struct entry *find_or_add(struct groups *g, struct str bytes)
{
    uint64_t hash = hash64(bytes.ptr, bytes.len);
    if (g->slots == NULL || 2 * (uint64_t)g->count > g->mask)
        grow_slots(g);
    uint64_t at = hash & g->mask;
    for (; g->slots[at] != 0; at = (at + 1) & g->mask) {
        struct entry *e = &g->entries[g->slots[at] - 1];
        if (e->hash == hash && str_equal(bytes, (struct str){g->bytes.ptr + e->at, e->len}))
            return e;
    }
    MEM_GROW(g->entries, g->count, g->cap);
    g->entries[g->count] = (struct entry){.hash = hash, .at = g->bytes.len, .len = bytes.len};
    g->slots[at] = ++g->count;
    buf_str(&g->bytes, bytes);
    return &g->entries[g->count - 1];
}

static void clear_groups(struct groups *g)
{
    if (g->slots != NULL)
        memset(g->slots, 0, (g->mask + 1) * sizeof *g->slots);
    g->count = 0;
    buf_clear(&g->bytes);
}

struct walk {
    void (*each)(void *ctx, const struct spill_item *item);
    void *ctx;
    struct groups groups;
};

static enum status walk_partition(struct spill *s, struct walk *walk, int partition, struct error *err)
{
    struct chain_reader r = {.chunk = s->chains[SPILL_OTHER][partition].first};
    bool there;
    enum status status;
    clear_groups(&walk->groups);
    while ((status = next_record(s, &r, &there, err)) == STATUS_OK && there)
        find_or_add(&walk->groups, r.bytes)->other = true;
    if (status != STATUS_OK)
        return status;
    r = (struct chain_reader){.chunk = s->chains[SPILL_OWN][partition].first};
    while ((status = next_record(s, &r, &there, err)) == STATUS_OK && there) {
        struct entry *e = find_or_add(&walk->groups, r.bytes);
        e->first_line = e->count++ == 0 ? r.line : e->first_line;
        walk->each(walk->ctx, &(struct spill_item){r.bytes, r.line, e->first_line, e->count, e->other});
    }
    return status;
}

static enum status walk_all(struct spill *s, struct walk *walk, struct error *err);

/* A partition whose table might not fit becomes partitions itself. */
static enum status divide(struct spill *s, struct walk *walk, int partition, struct error *err)
{
    struct spill *parts = spill_create(s->bytes_max);
    enum status status = STATUS_OK;
    parts->level = s->level + 1;
    for (enum spill_side side = 0; side < SPILL_SIDES && status == STATUS_OK; side++) {
        struct chain_reader r = {.chunk = s->chains[side][partition].first};
        bool there;
        while ((status = next_record(s, &r, &there, err)) == STATUS_OK && there)
            if ((status = spill_add(parts, r.bytes, side, r.line, err)) != STATUS_OK)
                break;
        free_chain(&s->chains[side][partition]);
    }
    if (status == STATUS_OK)
        status = walk_all(parts, walk, err);
    spill_destroy(parts);
    return status;
}

static enum status walk_all(struct spill *s, struct walk *walk, struct error *err)
{
    enum { ENTRY_BYTES = 2 * sizeof(struct entry) + 4 * sizeof(uint32_t) }; /* with what growing leaves empty */
    enum status status = STATUS_OK;
    for (int p = 0; p < PARTITIONS && status == STATUS_OK; p++) {
        struct chain *other = &s->chains[SPILL_OTHER][p], *own = &s->chains[SPILL_OWN][p];
        uint64_t count = other->count + own->count;
        uint64_t bytes = ENTRY_BYTES * count + 2 * (other->bytes + own->bytes);
        bool few = s->level > 0 && count > s->count / 2; /* of them differ: others would be spread evenly */
        if (bytes > s->bytes_max && !few && s->level + 1 < LEVELS_MAX)
            status = divide(s, walk, p, err);
        else
            status = walk_partition(s, walk, p, err);
        free_chain(other);
        free_chain(own);
    }
    return status;
}

enum status spill_each(struct spill *s, void (*each)(void *ctx, const struct spill_item *item), void *ctx,
                       struct error *err)
{
    struct walk walk = {each, ctx, {0}};
    enum status status = walk_all(s, &walk, err);
    free(walk.groups.slots);
    free(walk.groups.entries);
    buf_finish(&walk.groups.bytes);
    return status;
}
