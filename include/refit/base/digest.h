/*
 * Digests: XXH3-128 of content.
 *
 * Fast and well distributed, but not collision-resistant against an attacker: the local store is trusted as the
 * user's own files are. Whatever crosses a trust boundary carries SHA-256 instead.
 * Bytes are kept in the canonical (big-endian) order of xxHash; hexadecimal only at the edges.
 */
#ifndef REFIT_BASE_DIGEST_H
#define REFIT_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

#define DIGEST_SIZE 16
#define DIGEST_HEX 32

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

struct digest digest_of(const void *bytes, size_t len);
bool digest_equal(struct digest a, struct digest b);
bool digest_is_zero(struct digest a); /* all zero stands for "none" */
int digest_compare(const struct digest *a, const struct digest *b);

/* The digest of bytes that are kept under a name: the same bytes have another one under another name. A guard against
 * damage, as whatever has no digest of its own for its name needs; undone by giving the name again. */
struct digest digest_bound(struct digest digest, struct digest name);

/* 32 lower-case hex digits and a NUL into `out`; returns `out`. */
const char *digest_hex(struct digest d, char out[DIGEST_HEX + 1]);
bool digest_parse(struct str hex, struct digest *out);

/* Read back from what is kept: its bytes. */
struct digest reader_digest(struct reader *r);

/* A digest of a stream. */
struct hasher;
struct hasher *hasher_create(void);
void hasher_destroy(struct hasher *h);
void hasher_reset(struct hasher *h);
void hasher_update(struct hasher *h, const void *bytes, size_t len);
struct digest hasher_digest(const struct hasher *h);

/* XXH3-64, for hash tables. */
uint64_t hash64(const void *bytes, size_t len);

#endif
