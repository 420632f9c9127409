/* Lists of chunks, as they are kept, from hostile bytes: refused, or sound and the same when they are encoded again;
 * and lists made of the bytes, which are refused exactly if their lengths are not what they promise. */
#include <stdlib.h>
#include <string.h>

#include "refit/store.h"
#include "store/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct digest object = {{1}};

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_entries(const struct list *list)
{
    uint64_t total = 0;
    for (uint64_t i = 0; i < list_count(list->entries); i++) {
        struct list_entry entry = list_at(list->entries, i);
        check(entry.len > 0 && entry.len <= CHUNK_MAX);
        total += entry.len;
    }
    check(total == list->size);
}

static void decode(const uint8_t *data, size_t size)
{
    struct list list;
    struct buf again = {0};
    if (!list_decode((struct str){(const char *)data, size}, object, &list))
        return;
    if (list.kind == LIST_DIRECT)
        check_entries(&list);
    list_encode(&list, object, &again);
    check(again.len == size && memcmp(again.ptr, data, size) == 0);
    buf_finish(&again);
}

static void make(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct buf entries = {0}, value = {0};
    struct list list = {.kind = LIST_DIRECT}, back;
    bool fits = true;
    for (uint64_t claimed = reader_u8(&r); r.ptr < r.end && !r.bad;) {
        uint32_t len = reader_u32(&r) % (CHUNK_MAX + 2);
        fits = fits && len > 0 && len <= CHUNK_MAX;
        list_add(&entries, digest_of(data, size % (1 + len)), len);
        list.size += len + (r.ptr == r.end && claimed == 1);
        fits = fits && !(r.ptr == r.end && claimed == 1);
    }
    list.entries = buf_view(&entries);
    list_encode(&list, object, &value);
    check(list_decode(buf_view(&value), object, &back) == (fits && entries.len > 0));
    buf_finish(&entries);
    buf_finish(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* As it is, and after the check that a fuzzer would not guess. */
    uint8_t *copy = mem_alloc(DIGEST_SIZE + size);
    struct digest sum = digest_bound(digest_of(data, size), object);
    memcpy(copy, sum.bytes, DIGEST_SIZE);
    memcpy(copy + DIGEST_SIZE, data, size);
    decode(data, size);
    decode(copy, DIGEST_SIZE + size);
    make(data, size);
    free(copy);
    return 0;
}
