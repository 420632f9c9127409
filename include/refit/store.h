/*
 * The store: artifacts and records, content-addressed, in one LMDB environment that many workspaces and processes
 * share.
 *
 * Nouns.
 *   object   the bytes of one file, under their digest. Cut into chunks by content (FastCDC); one chunk if small.
 *   chunk    a piece of an object under its own digest, zstd-compressed where that pays. An object of one chunk has
 *            the chunk's digest, and needs no entry of its own.
 *   tree     a directory: a sorted list of entries, itself stored as an object (tree_encode gives its bytes).
 *   record   what one execution under a key produced: outs with digests, log, discovered inputs, time, origin.
 *            A key may have several.
 *
 * Writing. store_put_* cut, hash and compress on the caller's thread (any thread) and hand the chunks to the store's
 * one writer thread, which commits and syncs them in groups: at most a second apart, at most 32 MiB each. They block
 * while more than 64 MiB wait. Nothing is durable, or visible to other processes, before store_flush() has returned;
 * within this process it can be read back at once. The order of puts is the order of commits, so a record is never
 * durable before its chunks.
 *
 * Reading verifies: bytes that do not match their digest are reported (STATUS_CORRUPT), dropped, and never served;
 * STATUS_STORE if they cannot be dropped.
 *
 * Whoever has the store open holds a lock shared that compaction wants alone; who opens it while it is compacted waits.
 *
 * Thread-safe: all functions but open and close may be called on any thread at any time. Never used after fork().
 * A writer's failure (disk full, ...) is sticky: the next store_flush() or put gives it.
 */
#ifndef REFIT_STORE_H
#define REFIT_STORE_H

#include "refit/base/arena.h"
#include "refit/base/digest.h"
#include "refit/base/error.h"
#include "refit/base/str.h"

#define STORE_FORMAT 2

/* Chunk sizes in bytes. FastCDC's normalised chunking with a hash made for vectors; settled by measurement, which
 * builds this with others (tests/bench/README.md). */
#ifndef CHUNK_AVERAGE_BITS
#define CHUNK_AVERAGE_BITS 18
#endif
#define CHUNK_AVERAGE (1u << CHUNK_AVERAGE_BITS)
#define CHUNK_MIN (CHUNK_AVERAGE / 4)
#define CHUNK_MAX (CHUNK_AVERAGE * 4)

struct store;

struct store_options {
    bool read_only;  /* never creates, never writes; STATUS_NOT_FOUND if there is none */
    int compression; /* zstd level; 0 = none */
};

/* Open (and, unless read_only, create) the store in a folder. STATUS_STORE for a file system that LMDB cannot use (NFS,
 * CIFS, Lustre, ...: says what to do), another format version, a file that is no store. */
enum status store_open(const char *directory, const struct store_options *options, struct store **out,
                       struct error *err);
void store_close(struct store *store); /* flushes; NULL is fine */

/* Wait until everything put so far is durable. STATUS_COLLECTED if a record was not written, since gc has taken away
 * part of what it refers to after that was put, or found: put it again. Said once. */
enum status store_flush(struct store *store, struct error *err);

/* ---- objects ---- */

/* Store bytes; *digest is theirs. */
enum status store_put_bytes(struct store *store, struct str bytes, struct digest *digest, struct error *err);

/* Store what can be read from `fd` (from its start to its end), in one read: digest, size and chunks come from the same
 * bytes. `name` is for messages. *size is in bytes. `progress` (may be NULL) is called with the bytes read since its
 * last call; if it gives false, that is the end: STATUS_INTERRUPTED. */
enum status store_put_fd(struct store *store, int fd, const char *name, struct digest *digest, uint64_t *size,
                         bool (*progress)(void *ctx, uint64_t bytes), void *ctx, struct error *err);

/* Is the object there, with all of its chunks? */
enum status store_has(struct store *store, struct digest digest, bool *has, struct error *err);

/* The whole object in memory. STATUS_NOT_FOUND if it is not there. */
enum status store_get_bytes(struct store *store, struct digest digest, struct buf *out, struct error *err);

/* Write the object to `fd`, from its current position, chunk by chunk, each verified, and the whole too. `progress` as
 * of store_put_fd(). */
enum status store_get_fd(struct store *store, struct digest digest, int fd, const char *name,
                         bool (*progress)(void *ctx, uint64_t bytes), void *ctx, struct error *err);

/* ---- trees ---- */

enum entry_kind { ENTRY_FILE = 1, ENTRY_LINK = 2, ENTRY_DIRECTORY = 3, ENTRY_MISSING = 4 };

/* One entry of a tree. Paths are relative to the tree, sorted by bytes, without duplicates. */
struct tree_entry {
    struct str path;
    enum entry_kind kind;  /* file, link or (empty) directory */
    bool executable;       /* the user's bit; files only */
    struct digest digest;  /* file: of its content; link: of its text; directory: zero */
    uint64_t size;         /* bytes; link: of its text */
    struct str link;       /* link: its text */
};

struct tree {
    struct tree_entry *entries;
    uint32_t count;
};

void tree_encode(const struct tree *tree, struct buf *out);
/* STATUS_CORRUPT on malformed bytes: unsorted, escaping or duplicate paths included. Strings point into `bytes`. */
enum status tree_decode(struct arena *arena, struct str bytes, struct tree *out, struct error *err);
struct digest tree_digest(const struct tree *tree); /* of its encoding */

/* ---- records ---- */

/* An out as a record keeps it. */
struct record_out {
    struct str path; /* canonical, NUL-terminated */
    enum entry_kind kind; /* file, link or directory (then digest is its tree's) */
    bool executable;
    bool stored; /* false: only the digest is kept (a large `cache: false` out) */
    struct digest digest;
    uint64_t size; /* bytes; of a directory: of all its files */
};

/* An input found while running (depfile). */
struct record_input {
    struct str path;
    enum entry_kind kind;
    bool executable;
    struct digest digest;
};

struct record {
    struct digest key;
    uint64_t id;          /* ascending within a key; set by the store */
    int64_t created_ms;   /* since the epoch */
    uint64_t duration_ms; /* of the command */
    struct str origin;    /* host:path of the workspace that made it */
    struct digest log;    /* zero = no log was kept */
    struct record_out *outs;
    uint32_t out_count;
    struct record_input *inputs;
    uint32_t input_count;
};

#define RECORD_INPUT_SETS_MAX 16

/* Add a record; one with the same outs and inputs under the same key is replaced by it (and keeps its id). The outs
 * that are `stored`, trees included, must have been put. At most RECORD_INPUT_SETS_MAX records under one key have
 * inputs: the oldest goes first. */
enum status store_put_record(struct store *store, const struct record *record, struct error *err);

/* All records under a key, oldest first. *count is 0 if there is none. */
enum status store_get_records(struct store *store, struct digest key, struct arena *arena, struct record **records,
                              uint32_t *count, struct error *err);

/* Note that a record under the key was restored, for gc, which takes the least recently used first. Durable with the
 * next flush. Does nothing if the store is read-only. */
enum status store_mark_used(struct store *store, struct digest key, struct error *err);

/* Has anybody taken something away since this store was opened? Then what was put or found before may be gone. */
enum status store_is_diminished(struct store *store, bool *diminished, struct error *err);

/* A word that is another one once anything may have been taken out of the store in a folder, and that no two stores
 * share, a copy included: what was there under a word is there as long as the word is. LMDB is not opened for it.
 * "" = not known: there is no store, or one that no refit which has this has written to. */
#define STORE_EPOCH_SIZE 33
void store_read_epoch(const char *directory, char epoch[STORE_EPOCH_SIZE]);

/* ---- what must stay ---- */

/* The outs that somebody relies on. gc keeps the objects of those that are `stored`, whether a record is left or not,
 * and the records under the key with just these outs (in any order), their logs included. */
struct store_root {
    struct digest key;
    struct record_out *outs;
    uint32_t out_count;
};

/* What a workspace publishes under a name, which is opaque to the store. */
struct store_ref {
    struct str host, workspace; /* the workspace: an absolute path on that host */
    struct str name;            /* "refit.lock", ... */
    struct str note;            /* for people */
    int64_t seen_ms;            /* when it was published, since the epoch */
    struct store_root *roots;
    uint32_t root_count;
};

/* Publish, in place of what was published by that workspace under that name. Durable with the next flush. */
enum status store_publish(struct store *store, const struct store_ref *ref, struct error *err);

/* Is anything published by that workspace under that name? */
enum status store_has_ref(struct store *store, const struct store_ref *ref, bool *has, struct error *err);

/* All that is published, in `arena`. *sequence says how much had been put then. */
enum status store_get_refs(struct store *store, struct arena *arena, struct store_ref **refs, uint32_t *count,
                           uint64_t *sequence, struct error *err);

/* Publish some and drop others, at once and durably; those that were published again after `sequence` stay as they
 * are. */
enum status store_replace_refs(struct store *store, const struct store_ref *published, uint32_t published_count,
                               const struct store_ref *dropped, uint32_t dropped_count, uint64_t sequence,
                               struct error *err);

/* ---- comparing ---- */

struct store_overlap {
    bool whole;      /* both are in the store; otherwise the rest says nothing */
    uint64_t bytes;  /* of the second one */
    uint64_t shared; /* of those, in chunks that the first one has too */
};

/* How much of an object is in chunks that another one has; with `tree`, of all files that a tree names. Chunks are only
 * looked up, not read. Memory: 23 to 45 bytes for each chunk of the first one, and one tree and one list at a time. */
enum status store_get_overlap(struct store *store, struct digest first, bool first_tree, struct digest second,
                              bool second_tree, struct store_overlap *out, struct error *err);

/* ---- care ---- */

struct store_stats {
    uint64_t records, objects, chunks;
    uint64_t chunk_bytes;      /* before compression */
    uint64_t compressed_bytes; /* as kept */
    uint64_t file_bytes;       /* of the data file */
    uint64_t free_bytes;       /* of those, in pages that will be used again */
    uint64_t keys;             /* that have records */
    uint64_t out_bytes;        /* of the stored outs of all records: what it would take without sharing */
    int64_t oldest_ms, newest_ms; /* when records were made, since the epoch; 0 = there is none */
};
enum status store_get_stats(struct store *store, struct store_stats *out, struct error *err);

/* What a group of records holds. */
struct store_share {
    uint64_t records;
    uint64_t out_bytes;     /* of the stored outs of each record */
    uint64_t content_bytes; /* of their chunks and those of their logs, each once */
    uint64_t kept_bytes;    /* of the same chunks, as kept */
    uint64_t own_bytes;     /* of those that no other group has, as kept: what the store would lose with the group */
};

/* What each group of records holds: `group` gives the number of a record's. *shares is malloc'd, with one for each
 * number up to the largest. Memory: 28 bytes for each chunk in each group, 20 for each record. */
typedef uint32_t (*store_group_fn)(void *ctx, const struct record *record);
enum status store_get_shares(struct store *store, store_group_fn group, void *ctx, struct store_share **shares,
                             uint32_t *count, struct error *err);

enum store_fault_kind { FAULT_CHUNK, FAULT_OBJECT, FAULT_RECORD };

/* Something that is not as it should be. Valid during the call. */
struct store_fault {
    enum store_fault_kind kind;
    struct digest digest; /* of the chunk or object; of a record: its key */
    uint64_t id;          /* of the record */
    struct str path;      /* of the record's out that cannot be had; "" = none in particular */
    struct str text;      /* one line: what is wrong */
    bool repaired;        /* it was taken out (of a record whose log alone is gone: its mention) */
};

struct store_verify_options {
    bool repair; /* take out what is corrupt, and records whose outs cannot be had; nothing intact */
    void (*fault)(void *ctx, const struct store_fault *fault); /* called without a transaction */
    void *ctx;
};

struct store_verify_counts {
    uint64_t records, objects, chunks;
    uint64_t read_bytes; /* uncompressed */
    uint64_t faults, repaired;
    uint64_t loose_chunks, loose_bytes; /* that no record refers to, as kept: no fault */
};

/* Read everything, and check every digest: chunks, objects of several chunks, records and what they need. Memory is
 * bounded but for 17 to 45 bytes a chunk, a tree or a list at a time; no transaction lasts longer than the reading of
 * one value, so others write meanwhile. Repairing looks again, in the transaction that takes something out. */
enum status store_verify(struct store *store, const struct store_verify_options *options,
                         struct store_verify_counts *out, struct error *err);

/*
 * Collecting (gc). Roots stay, whatever the budget. Of the other records the least recently used go, until what remains
 * fits the budget; with them go the objects and chunks that nothing refers to any more. (Used: made, made again, or
 * marked as used; in the order of commits, so that a wrong clock does no harm.)
 *
 * The budget is in bytes of the data file, free pages not counted: what the file has after compaction. It is an
 * estimate by pages while records are chosen, measured after they went, and chosen again if that was too much.
 *
 * Others may read and write meanwhile. Records go first, then objects and chunks, in transactions of some milliseconds;
 * in each of them what was put, used or published since is looked at, and stays. Who has looked up a record that then
 * goes gets STATUS_NOT_FOUND when it reads, and who stores one whose chunks went gets STATUS_COLLECTED from its next
 * flush: both can start again. Killed at any moment, it leaves a sound store, of which less is gone.
 *
 * Memory: 23 to 45 bytes for each chunk and object of several chunks, 48 to 72 for each record, 16 for each that goes;
 * the roots; and one tree or list at a time.
 */
struct store_collect_options {
    uint64_t budget_bytes; /* UINT64_MAX: only what no record and no root refers to goes */
    bool dry_run;          /* only count */
    const struct store_ref *refs; /* besides what is published; from a dry run: instead of it */
    uint32_t ref_count;
    uint64_t sequence; /* of store_get_refs(): what was put after that stays */
};

struct store_collect_counts {
    uint64_t records, chunks, objects;                   /* that were there */
    uint64_t taken_records, taken_chunks, taken_objects; /* that went, or would go */
    uint64_t root_records; /* that are roots */
    uint64_t root_bytes;   /* that the roots alone take: more than the budget if it cannot be kept */
    uint64_t used_bytes;   /* of the file, before and after, free pages not counted */
    uint64_t left_bytes;
    uint64_t damaged;      /* records and trees that could not be read; they stay, as far as they can */
};

enum status store_collect(struct store *store, const struct store_collect_options *options,
                          struct store_collect_counts *out, struct error *err);

/* At most one gc works on a store: STATUS_LOCKED if there is another. Gives a descriptor to be closed at the end.
 * Removes what a killed compaction left. */
enum status store_lock_gc(const char *directory, int *fd, struct error *err);

enum compaction { COMPACTION_DONE, COMPACTION_IN_USE, COMPACTION_NO_SPACE, COMPACTION_NOT_OURS };

/* Write the file anew without its free pages: copied, synced, renamed. Nobody may have the store open, the caller
 * included (COMPACTION_IN_USE; who opens it meanwhile waits); the folder needs room for the copy (COMPACTION_NO_SPACE);
 * and the file must be the user's own (COMPACTION_NOT_OURS), since its copy will be. Killed at any moment, it leaves
 * the file as it was, or the new one. */
enum status store_compact(const char *directory, enum compaction *out, uint64_t *file_bytes, struct error *err);

/* ---- carrying it elsewhere ---- */

struct store_transfer {
    uint64_t records, objects, chunks; /* that were written, or were in the file */
    uint64_t new_records, new_objects, new_chunks, new_bytes; /* import: that were added; bytes of chunks as kept */
    uint64_t bytes; /* of the file */
    uint64_t sources;  /* export: contents without a record that were written */
    uint64_t left_out; /* export: records whose outs cannot be had, and such contents */
};

struct store_export_options {
    const struct digest *keys; /* whose records are wanted; NULL = all */
    uint32_t key_count;
    const struct record_out *sources; /* contents that go along without a record; none twice */
    uint32_t source_count;
    void (*left_out)(void *ctx, const struct store_fault *fault); /* a record that is not whole, or (FAULT_OBJECT) one
                                                                   * of `sources` */
    void *ctx;
};

/* Write records and sources, and all that they need, to `fd`: chunks as they are kept, each verified and written once.
 * STATUS_STORE if the records alone take more than EXPORT_RECORDS_MAX bytes (they are held until the end).
 *
 * The file: "refitexp", version u32; then frames, each kind u8, length u32, payload:
 *   chunk   digest, block as in the store (codec u8, three zero bytes, length u32, payload)
 *   object  digest, list of chunks as in the store; after all that it names
 *   record  digest of the rest, key, record as in the store; after all others
 *   end     numbers of chunks, objects and records u64, XXH3-128 of every byte before this digest
 * Nothing follows the end. Integers are little-endian. */
#define EXPORT_VERSION 2
#define EXPORT_RECORDS_MAX (1u << 30)
enum status store_export(struct store *store, const struct store_export_options *options, int fd, const char *name,
                         struct store_transfer *out, struct error *err);

/* Add what such a file has and the store lacks. Each frame is verified when it comes; records are added last, once the
 * whole file has been seen and what they need is there. All of it is durable on success. STATUS_CORRUPT for a file that
 * is damaged, cut short or none at all: then chunks and objects that came before the fault may have been added, and no
 * record. STATUS_COLLECTED if gc took part of it before the records were there, and it cannot be read again. */
enum status store_import(struct store *store, int fd, const char *name, struct store_transfer *out, struct error *err);

/* ---- the chunker, offered for tests and benchmarks ---- */

/* The length of the first chunk of `bytes`; `len` itself if there is no cut in them, or fewer than CHUNK_MIN. */
size_t chunk_cut(const uint8_t *bytes, size_t len);

#endif
