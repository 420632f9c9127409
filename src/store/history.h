/*
 * Inside the history.
 *
 *   meta     "history-format" → u32
 *   runs     number → check, struct history_run
 *   stages   number → check, what it did with each stage that was not fresh, packed
 *   changes  digest of a stage's name, number from the newest on (its complement) → check, digest of the build (zero:
 *            the stage was gone), u8 (1: it has metrics)
 *   builds   digest → the build without its metrics, packed: its bytes have that digest
 *   metrics  digest of the build → check, its metrics, packed
 *
 * Numbers are big-endian in keys, so that they are in order. A check is the digest of the rest, bound to the key and
 * the database. Packed: the length u32, then the bytes, compressed by zstd if that makes fewer of them.
 */
#ifndef REFIT_STORE_HISTORY_H
#define REFIT_STORE_HISTORY_H

#include <zstd.h>

#include "refit/history.h"
#include "store/env.h"

enum history_database {
    HISTORY_META,
    HISTORY_RUNS,
    HISTORY_STAGES,
    HISTORY_CHANGES,
    HISTORY_BUILDS,
    HISTORY_METRICS,
    HISTORY_DATABASES
};

enum { HISTORY_NUMBER_SIZE = 8, HISTORY_CHANGE_SIZE = DIGEST_SIZE + HISTORY_NUMBER_SIZE };

struct history {
    struct env env; /* all zero for an empty one that is read-only */
    MDB_dbi dbis[HISTORY_DATABASES];
    ZSTD_DCtx *unpacker;
    bool read_only;
    bool known; /* the databases are there, in our format */
};

/* ---- keys and values (history.c) ---- */

void history_number_key(uint64_t number, uint8_t out[HISTORY_NUMBER_SIZE]);
void history_change_key(struct digest stage, uint64_t number, uint8_t out[HISTORY_CHANGE_SIZE]);
/* False for a key that cannot be. */
bool history_change_parse(MDB_val key, struct history_tip *out);

/* A value with its check; and without it: false if that does not hold. */
int history_put(struct history *h, MDB_txn *txn, enum history_database database, MDB_val key, struct str bytes);
bool history_unwrap(enum history_database database, MDB_val key, MDB_val kept, struct str *out);
/* MDB_CORRUPTED if its check does not hold. */
int history_value(struct history *h, MDB_txn *txn, enum history_database database, MDB_val key, struct str *out);

/* The newest number; 0 = there is none. */
int history_newest(struct history *h, MDB_txn *txn, uint64_t *number);
int history_read_tip(MDB_val key, MDB_val value, struct history_tip *out);
/* All changes, in their order, malloc'd. */
int history_changes(struct history *h, MDB_txn *txn, struct history_tip **tips, uint32_t *count);
/* The picture at a number, malloc'd. */
int history_picture(struct history *h, MDB_txn *txn, uint64_t number, struct history_tip **tips, uint32_t *count);

enum status history_error(struct history *h, int rc, const char *verb, struct error *err);

/* ---- bytes (history_code.c): decoding gives false for what is malformed; strings point into `bytes` ---- */

void history_pack(struct str bytes, struct buf *out);
bool history_unpack(ZSTD_DCtx *context, struct arena *arena, struct str packed, struct str *out);

void history_run_encode(const struct history_run *run, struct buf *out);
bool history_run_decode(struct str bytes, struct arena *arena, struct history_run *out);
void history_stages_encode(const struct history_stage *stages, uint32_t count, struct buf *out);
bool history_stages_decode(struct str bytes, struct arena *arena, struct history_stage **stages, uint32_t *count);
void history_build_encode(const struct history_build *build, struct buf *out);
bool history_build_decode(struct str bytes, struct arena *arena, struct history_build *out);
void history_metrics_encode(const struct history_metric *metrics, uint32_t count, struct buf *out);
bool history_metrics_decode(struct str bytes, struct arena *arena, struct history_metric **metrics, uint32_t *count);

#endif
