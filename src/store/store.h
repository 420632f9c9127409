/*
 * Inside the store.
 *
 *   put (any thread)                                      queue                        writer (one thread)
 *   cut → digest → known? → compress → struct item  ──→  waits, and can be read  ──→  one transaction for up to
 *                                                         back from here              BATCH_BYTES_MAX of them
 *
 * What is kept in LMDB:
 *   meta     "store-format" → u32; "generation" → u64, counted up by whoever takes something away; "sequence" → u64,
 *            counted up by each group of puts
 *   chunks   digest → codec u8, three zero bytes, length u32, payload
 *   objects  digest → list of an object of several chunks: see list.h
 *   records  key, then its id big-endian → see record.h
 *   used     key → u64, seconds since the epoch: when a record under it was last made or used; u64, sequence of then
 *   refs     digest of host, workspace and name → what the workspace publishes: see refs.c
 *
 * Beside LMDB's files: "in-use.lock", which all who have the store open hold shared and compaction alone; "gc.lock",
 * which one gc at a time holds.
 *
 * gc and the others. Who puts a record relies on chunks that are known already, and gc takes away what no record or ref
 * names: so each looks again. The writer: where the generation is another than when the store was opened, a record
 * is committed only if all it refers to is there (record_put). gc: where the sequence is another than when it last
 * looked, what was made, used or published since is found by its own sequence, and stays (sweep.c). Both look in the
 * transaction that writes, so there is nothing between.
 */
#ifndef REFIT_STORE_STORE_H
#define REFIT_STORE_STORE_H

#include <zstd.h>

#include "refit/store.h"
#include "store/env.h"

#ifndef BATCH_BYTES_MAX
#define BATCH_BYTES_MAX (32u << 20) /* settled as the sizes of chunks were */
#endif
/* So much is worth a transaction. A writer that is slower than those who put finds more when it comes back: only its
 * first batches are small, and the disk has begun while the rest is still being read. */
#define BATCH_BYTES_DUE (BATCH_BYTES_MAX / 4)
#define WAITING_BYTES_MAX (2 * BATCH_BYTES_MAX) /* one in work, one to come */
#define BATCH_AGE_MS 1000
#define LIST_ENTRIES_MAX 4096

enum database { DB_META, DB_CHUNKS, DB_OBJECTS, DB_RECORDS, DB_USED, DB_REFS, DB_COUNT };

/* ---- what waits to be written ---- */

enum item_kind { ITEM_CHUNK, ITEM_OBJECT, ITEM_RECORD, ITEM_USED, ITEM_REF };

struct item {
    struct item *next;  /* in the order of puts */
    struct item *chain; /* of its bucket, newest first */
    enum item_kind kind;
    struct digest key;
    uint64_t sequence; /* of its put, from 1 */
    int64_t queued_ms;
    size_t charge; /* bytes that it counts for, against the limits */
    size_t len;
    uint8_t value[]; /* as it will be kept */
};

struct item *item_create(enum item_kind kind, struct digest key, size_t len);

struct queue {
    pthread_mutex_t lock;  /* for all below */
    pthread_cond_t work;   /* for the writer: something to do */
    pthread_cond_t done;   /* for the others: something was done */
    struct item *head, *tail;
    struct item **buckets; /* all that is not committed yet, the batch in work included */
    size_t bucket_count, item_count;
    size_t queued_bytes, waiting_bytes; /* without and with the batch in work */
    uint64_t put_sequence, done_sequence, flush_sequence;
    bool started, stopping, failed, lost;
    struct error failure; /* sticky */
    struct error loss;    /* of a record, for the next flush */
    pthread_t thread;
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);

/* Takes the item. One that waits already (not a record or ref) is dropped. Blocks while too much waits. */
enum status queue_push(struct store *store, struct item *item, struct error *err);

/* The writer's failure, if it failed. */
enum status queue_check(struct store *store, struct error *err);

/* Wait until all that was put is committed. A lost record is reported once, a failure always. */
enum status queue_flush(struct store *store, struct error *err);

/* Let the writer finish what waits, and end it. */
void queue_stop(struct store *store);

/* The value of what waits under a key, copied into `out` (may be NULL). Of a record: use queue_find_records. */
bool queue_find(struct store *store, enum item_kind kind, struct digest key, struct buf *out);

/* The values of the records that wait under a key, oldest first. */
uint32_t queue_find_records(struct store *store, struct digest key, struct arena *arena, struct str **values);

/* The writer thread (writer.c). */
void *writer_run(void *store);

/* ---- what a thread works with, taken from a pool ---- */

#define INPUT_BYTES ((3u << 20) + CHUNK_MAX)

struct worker {
    struct worker *next;
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
    struct hasher *hasher;
    uint8_t *input; /* INPUT_BYTES, made at the first use */
    struct buf packed, plain;
};

struct worker *worker_take(struct store *store);
void worker_give(struct store *store, struct worker *worker);

extern const struct env_kind store_kind;

struct store {
    struct env env;
    MDB_dbi dbis[DB_COUNT];
    bool has_refs;             /* a store that an older refit made has none until something is written */
    int use_fd;                /* in-use.lock, held shared; -1 = it could not be had */
    int compression;
    uint64_t generation;       /* when the store was opened */
    _Atomic bool taken;        /* something was taken out through this handle */
    uint32_t list_entries_max; /* LIST_ENTRIES_MAX; less in tests */
    struct queue queue;
    pthread_mutex_t worker_lock;
    struct worker *workers;
};

/* chunk_cut as every processor can do it: the same cuts (for tests). */
size_t chunk_cut_plain(const uint8_t *bytes, size_t len);

/* ---- blocks: chunks as they are kept (block.c) ---- */

#define BLOCK_HEADER 8

struct item *block_pack(struct worker *worker, int level, struct digest digest, struct str bytes);

/* The bytes of a block: in `value` itself, or in worker->plain. False if they are malformed. */
bool block_unpack(struct worker *worker, struct str value, struct str *bytes);

/* ---- reading (fetch.c) ---- */

/* What is kept under a digest: what waits, or what LMDB has, there until fetch_end. With a `txn` it is read in that
 * one, and what waits is not looked at. */
struct fetch {
    struct store *store;
    MDB_txn *txn;
    bool own;
    struct buf copy;
    struct str value;
};

enum status fetch_begin(struct store *store, MDB_txn *txn, enum item_kind kind, struct digest digest,
                        struct fetch *fetch, bool *found, struct error *err);
void fetch_end(struct fetch *fetch);
enum status fetch_exists(struct store *store, MDB_txn *txn, enum item_kind kind, struct digest digest, bool *found,
                         struct error *err);

/* store_has and store_get_bytes within a transaction (NULL: none). */
enum status object_exists(struct store *store, MDB_txn *txn, struct digest digest, bool *has, struct error *err);
enum status object_read(struct store *store, MDB_txn *txn, struct digest digest, struct buf *out, struct error *err);

/* The entries of the list of an object of several chunks (list.h), in `out`. */
enum status object_list(struct store *store, MDB_txn *txn, struct digest digest, struct buf *out, bool *found,
                        struct error *err);

/* Do the bytes of a chunk, as LMDB has it, match its digest? */
bool chunk_is_sound(struct store *store, const MDB_val *key, const MDB_val *value);

/* Sets STATUS_CORRUPT for what `key` names, and takes it out of the database unless it was replaced meanwhile. */
enum status drop_corrupt(struct store *store, enum database database, MDB_val key, const char *text, struct error *err);

/* ---- records (records.c) ---- */

#define RECORD_KEY_SIZE (DIGEST_SIZE + 8)

void record_key(struct digest key, uint64_t id, uint8_t out[RECORD_KEY_SIZE]);

/* Put one in a transaction, after checking that what it refers to is still there if the store's generation is another
 * than when it was opened. Returns an LMDB code; a record that is not written sets *lost and `err`. */
int record_put(struct store *store, MDB_txn *txn, const struct item *item, uint64_t sequence, bool check, bool *lost,
               struct error *err);
int used_put(struct store *store, MDB_txn *txn, struct digest digest, uint64_t sequence);

/* Is there a record with these outs and inputs under the key? */
enum status record_known(struct store *store, struct digest key, struct digest identity, bool *known,
                         struct error *err);

/* Takes something away for others too: they must look again before they rely on what they saw. */
int generation_advance(struct store *store, MDB_txn *txn);
/* The store's epoch (epoch.c): a new word before something is taken (0 or an errno), after all was, and anyway. */
int epoch_change(struct store *store);
enum status epoch_settle(struct store *store, struct error *err);
enum status epoch_renew(struct store *store, struct error *err);
int generation_read(MDB_txn *txn, MDB_dbi meta, uint64_t *generation);

/* Something was put that gc must know of. */
int sequence_advance(struct store *store, MDB_txn *txn, uint64_t *sequence);
int sequence_read(struct store *store, MDB_txn *txn, uint64_t *sequence);

/* ---- refs (refs.c) ---- */

int ref_put(struct store *store, MDB_txn *txn, const struct item *item, uint64_t sequence);

/* ---- the lock of all who have the store open (use.c) ---- */

/* Waits while the file is compacted. *fd is -1 if the lock file cannot be had (a reader's, where nothing can be
 * written). */
enum status use_lock(const char *directory, bool create, int *fd, struct error *err);

/* ---- statistics (stats.c) ---- */

/* Adds what the records and the file say: keys, outs, times, free pages. */
enum status stats_of_records(struct store *store, struct store_stats *out, struct error *err);

/* The size of the file, in bytes up to the last page in use, and how much of that is free. */
int stats_pages(struct store *store, MDB_txn *txn, uint64_t *file_bytes, uint64_t *free_bytes);

#endif
