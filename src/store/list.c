/* Lists of chunks, to bytes and back. */
#include "store/list.h"

#include <string.h>

#include "refit/store.h"

void list_add(struct buf *entries, struct digest digest, uint32_t len)
{
    buf_append(entries, digest.bytes, DIGEST_SIZE);
    buf_u32(entries, len);
}

void list_encode(const struct list *list, struct digest object, struct buf *out)
{
    size_t body = out->len + DIGEST_SIZE;
    buf_append(out, object.bytes, DIGEST_SIZE); /* the check's place */
    buf_u8(out, (uint8_t)list->kind);
    buf_u64(out, list->size);
    if (list->kind == LIST_DIRECT) {
        buf_str(out, list->entries);
    } else {
        buf_append(out, list->entries_digest.bytes, DIGEST_SIZE);
        buf_u64(out, list->entries_size);
    }
    struct digest check = digest_bound(digest_of(out->ptr + body, out->len - body), object);
    memcpy(out->ptr + body - DIGEST_SIZE, check.bytes, DIGEST_SIZE);
}

bool list_decode(struct str value, struct digest object, struct list *out)
{
    struct reader r = reader_from(value.ptr, value.len);
    struct digest check = reader_digest(&r);
    if (r.bad || !digest_equal(check, digest_bound(digest_of(r.ptr, (size_t)(r.end - r.ptr)), object)))
        return false;
    *out = (struct list){.kind = reader_u8(&r), .size = reader_u64(&r)};
    if (r.bad)
        return false;
    if (out->kind == LIST_DIRECT) {
        out->entries = (struct str){(const char *)r.ptr, (size_t)(r.end - r.ptr)};
        return list_check(out->entries, out->size);
    }
    out->entries_digest = reader_digest(&r);
    out->entries_size = reader_u64(&r);
    return out->kind == LIST_INDIRECT && reader_done(&r) && out->entries_size % LIST_ENTRY_SIZE == 0;
}

bool list_check(struct str entries, uint64_t size)
{
    if (entries.len % LIST_ENTRY_SIZE != 0 || entries.len == 0)
        return false;
    uint64_t count = list_count(entries), total = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t len = list_at(entries, i).len;
        if (len == 0 || len > CHUNK_MAX)
            return false;
        total += len;
    }
    return total == size;
}

uint64_t list_count(struct str entries)
{
    return entries.len / LIST_ENTRY_SIZE;
}

struct list_entry list_at(struct str entries, uint64_t index)
{
    struct list_entry entry;
    const char *at = entries.ptr + index * LIST_ENTRY_SIZE;
    memcpy(entry.digest.bytes, at, DIGEST_SIZE);
    struct reader r = reader_from(at + DIGEST_SIZE, 4);
    entry.len = reader_u32(&r);
    return entry;
}
