/*
 * Records as they are kept.
 *
 *   version u8, flags u8 (1: has inputs), check (digest of all that follows, bound to the key), identity (digest of the
 *   tail)
 *   created i64, duration u64, origin, log
 *   tail: the outs and the inputs; two records with the same tail say the same
 */
#ifndef REFIT_STORE_RECORD_H
#define REFIT_STORE_RECORD_H

#include "refit/store.h"

#define RECORD_FLAG_INPUTS 1u

/* The part that can be read without the rest. */
struct record_head {
    bool has_inputs;
    struct digest identity;
};

void record_encode(const struct record *record, struct buf *out);
bool record_head(struct str value, struct record_head *out);
/* False if malformed, or made under another key. Strings point into `value`; id is left alone. */
bool record_decode(struct str value, struct digest key, struct arena *arena, struct record *out);

/* The outs and inputs alone, which the state keeps too. */
void outs_encode(const struct record_out *outs, uint32_t count, struct buf *out);
void inputs_encode(const struct record_input *inputs, uint32_t count, struct buf *out);
bool outs_decode(struct reader *r, struct arena *arena, struct record_out **outs, uint32_t *count);
bool inputs_decode(struct reader *r, struct arena *arena, struct record_input **inputs, uint32_t *count);

#endif
