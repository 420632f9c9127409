/*
 * MD5, for content that DVC has named by it. Broken as a hash against attackers, so it names nothing of refit's own.
 * From OpenSSL's libcrypto, which is loaded when the first one is made.
 */
#ifndef REFIT_BASE_MD5_H
#define REFIT_BASE_MD5_H

#include <stdbool.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

#define MD5_HEX 32

struct md5;

/* One after the other, with one struct. STATUS_IO if libcrypto is not there, or has no MD5. */
enum status md5_create(struct md5 **out, struct error *err);
void md5_destroy(struct md5 *md5); /* NULL is fine */

/* Of bytes, as 32 lower-case hexadecimal digits and a NUL. */
enum status md5_bytes(struct md5 *md5, struct str bytes, char hex[MD5_HEX + 1], struct error *err);

/* Of a file; `unix_lines` as DVC before 3.0 did it: of a piece of 1 MiB that looks like text, \r\n counts as \n. */
enum status md5_file(struct md5 *md5, const char *path, bool unix_lines, char hex[MD5_HEX + 1], struct error *err);

#endif
