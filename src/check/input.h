/* The bytes of a file, plain or out of gzip or zstd, and the SHA-256 of what is on disk. */
#ifndef CHECK_INPUT_H
#define CHECK_INPUT_H

#include <stdint.h>

#include "refit/base/error.h"
#include "refit/base/sha256.h"

struct input;

/* STATUS_NOT_FOUND, STATUS_IO. */
enum status input_open(const char *path, struct input **out, struct error *err);
void input_close(struct input *input); /* NULL is fine */

/* Up to `room` bytes; *got == 0 at the end. STATUS_FAILED for a broken compression, STATUS_INTERRUPTED. */
enum status input_read(struct input *input, char *to, size_t room, size_t *got, struct error *err);

/* At the end. */
enum status input_finish(struct input *input, char hex[SHA256_HEX + 1], struct error *err);
uint64_t input_bytes(const struct input *input);

#endif
