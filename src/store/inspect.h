/*
 * Looking at what the store holds without taking anything away: what verify, export and import share.
 *
 * A flaw is what is wrong with an object or record, as data; an error is that the store could not be read.
 */
#ifndef REFIT_STORE_INSPECT_H
#define REFIT_STORE_INSPECT_H

#include "store/list.h"
#include "store/store.h"

/* What is read into memory as a whole: more than that is a flaw. */
#define LIST_BYTES_MAX (256u << 20) /* the entries of one object: enough for terabytes */
#define TREE_BYTES_MAX (1u << 30)

/* ---- marks: digests with flags (marks.c) ---- */

struct marks {
    struct digest *digests;
    uint8_t *flags; /* of each slot; 0 = free */
    size_t count, capacity;
};

#define MARK_USED 0x80u /* set in all that were added */

void marks_finish(struct marks *marks);
uint8_t marks_get(const struct marks *marks, struct digest digest); /* 0 if it was never added */
/* Adds flags; true if one of them was not there before. */
bool marks_add(struct marks *marks, struct digest digest, uint8_t flags);
/* Takes flags away again, of one that was added. */
void marks_clear(struct marks *marks, struct digest digest, uint8_t flags);

/* ---- flaws ---- */

enum flaw_kind {
    FLAW_NONE,
    FLAW_MISSING, /* neither a chunk nor a list of that digest is there */
    FLAW_DAMAGED, /* found by an earlier look */
    FLAW_CHUNK_MISSING,
    FLAW_CHUNK_DAMAGED,
    FLAW_LIST, /* the list of an object's chunks is malformed */
    FLAW_WHOLE, /* each chunk is sound, and together they are not what the digest says */
    FLAW_TREE, /* sound bytes that are no tree */
};

struct flaw {
    enum flaw_kind kind;
    struct digest part; /* the object or chunk that has it */
};

#define FLAW_TEXT_MAX 128
/* "chunk 0123... is damaged"; returns `out`. */
const char *flaw_text(const struct flaw *flaw, char out[FLAW_TEXT_MAX]);

/* ---- objects ---- */

/* Called for each chunk, in order, without a transaction; `block` is the chunk as it is kept. */
typedef enum status (*inspect_chunk_fn)(void *ctx, struct digest digest, struct str block, struct str bytes,
                                        struct error *err);

/* Reads the whole object chunk by chunk, and checks each and the whole. `each` may be NULL. */
enum status inspect_object(struct store *store, struct digest digest, inspect_chunk_fn each, void *ctx,
                           struct flaw *flaw, struct error *err);

/* The same for an object of several chunks whose list is `value`, whether that is in the store or not. */
enum status inspect_list(struct store *store, struct digest digest, struct str value, inspect_chunk_fn each, void *ctx,
                         struct flaw *flaw, struct error *err);

/* The entries of a list, whose lengths add up to *size. */
enum status inspect_entries(struct store *store, struct digest digest, struct str value, struct buf *entries,
                            uint64_t *size, struct flaw *flaw, struct error *err);

/* ---- records ---- */

/* Called for each object that a record needs, trees before what they name. */
typedef enum status (*inspect_visit_fn)(void *ctx, struct digest digest, struct flaw *flaw, struct error *err);

/* Visits all that the outs of a record need, up to the first flaw; *at is the out that has it. Trees that are marked
 * `tree_mark` were visited with all in them and are passed over; others are marked when they were. */
struct inspection {
    struct store *store;
    struct marks *marks;
    uint8_t tree_mark;
    inspect_visit_fn visit;
    void *ctx;
};
enum status inspect_record(const struct inspection *in, const struct record *record, struct flaw *flaw,
                           const struct record_out **at, struct error *err);

/* ---- walking a database ---- */

struct scan {
    struct store *store;
    enum database database;
    struct buf key; /* of the last one */
    size_t len;     /* of its value */
    bool started;
};

/* The next key, and its value if `value` is not NULL. No transaction lasts longer than the call, so a walk of hours
 * keeps no old page of the store alive; it sees what others commit meanwhile. */
enum status scan_next(struct scan *scan, struct buf *value, bool *found, struct error *err);
void scan_finish(struct scan *scan);

#endif
