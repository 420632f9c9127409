/*
 * The bytes of an input, read, digested and decompressed by a thread of its own while those before are looked at.
 * What fits into the first READ_AHEAD_BYTES is read without a thread.
 */
#ifndef CHECK_READ_AHEAD_H
#define CHECK_READ_AHEAD_H

#include "check/input.h"

#define READ_AHEAD_BYTES (1u << 20)

struct read_ahead;

struct read_ahead *read_ahead_create(struct input *input); /* takes the input over */
void read_ahead_destroy(struct read_ahead *ahead); /* ends the thread; NULL is fine */

/* As input_read(). */
enum status read_ahead_next(struct read_ahead *ahead, char *to, size_t room, size_t *got, struct error *err);

/* At the end. */
enum status read_ahead_finish(struct read_ahead *ahead, char hex[SHA256_HEX + 1], struct error *err);
uint64_t read_ahead_bytes(const struct read_ahead *ahead);

#endif
