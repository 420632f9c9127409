/* The file that carries records from one store to another: what its writer and its reader share. The format is
 * described in refit/store.h. */
#ifndef REFIT_STORE_EXPORT_H
#define REFIT_STORE_EXPORT_H

#include "store/inspect.h"

#define EXPORT_MAGIC "refitexp"
#define EXPORT_HEADER 12
#define FRAME_HEADER 5
#define END_PAYLOAD (3 * 8 + DIGEST_SIZE)

enum frame_kind { FRAME_CHUNK = 1, FRAME_OBJECT = 2, FRAME_RECORD = 3, FRAME_END = 4 };

/* The longest payloads: what says more is damaged. */
#define FRAME_CHUNK_MAX (DIGEST_SIZE + BLOCK_HEADER + CHUNK_MAX)
#define FRAME_OBJECT_MAX (1u << 20)
#define FRAME_RECORD_MAX (256u << 20)

/* ---- import, fed with bytes in pieces of any size (import.c) ---- */

struct import {
    struct store *store;
    const char *name;
    struct store_transfer *counts;
    struct worker *worker;
    struct hasher *hasher; /* of the file so far */
    struct buf pending;    /* not whole frames yet */
    struct marks added;    /* what is counted as new */
    struct buf records;    /* payloads of frames, each with its length before it */
    uint64_t consumed;
    bool begun, ended;
};

void import_init(struct import *import, struct store *store, const char *name, struct store_transfer *counts);
/* The file comes again from its beginning; what was added stays counted. */
void import_restart(struct import *import);
enum status import_feed(struct import *import, struct str bytes, struct error *err);
/* At the end of the file: adds the records, and makes all durable. */
enum status import_complete(struct import *import, struct error *err);
void import_finish(struct import *import);

#endif
