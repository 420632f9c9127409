/*
 * The chunks of an object, as they are kept under the object's digest: check (digest of all that follows, bound to the
 * object's), kind u8, size of the object u64, and
 *   direct    n times: digest of a chunk, its length u32
 *   indirect  the digest and the size (u64) of an object whose bytes are those n entries
 * An object of one chunk has no list.
 */
#ifndef REFIT_STORE_LIST_H
#define REFIT_STORE_LIST_H

#include "refit/base/digest.h"

#define LIST_ENTRY_SIZE (DIGEST_SIZE + 4)
#define LIST_DEPTH_MAX 8 /* lists of lists; more is malformed */

enum list_kind { LIST_DIRECT = 1, LIST_INDIRECT = 2 };

struct list {
    enum list_kind kind;
    uint64_t size;
    struct str entries;         /* direct */
    struct digest entries_digest; /* indirect */
    uint64_t entries_size;
};

struct list_entry {
    struct digest digest;
    uint32_t len;
};

void list_encode(const struct list *list, struct digest object, struct buf *out);
void list_add(struct buf *entries, struct digest digest, uint32_t len);
/* False if malformed, or of another object. Points into `value`. */
bool list_decode(struct str value, struct digest object, struct list *out);
/* Do the lengths of the entries add up to the size, each of 1 to CHUNK_MAX bytes? */
bool list_check(struct str entries, uint64_t size);
uint64_t list_count(struct str entries);
struct list_entry list_at(struct str entries, uint64_t index);

#endif
