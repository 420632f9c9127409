/* SHA-256, for content that others have named by it. From OpenSSL's libcrypto, which is loaded when it is needed. */
#ifndef REFIT_BASE_SHA256_H
#define REFIT_BASE_SHA256_H

#include <stddef.h>

#include "refit/base/error.h"

#define SHA256_HEX 64

/* Of a file, as 64 lower-case hexadecimal digits and a NUL. STATUS_IO if libcrypto is not there. */
enum status sha256_file(const char *path, char hex[SHA256_HEX + 1], struct error *err);

/* Of bytes, the same way. */
enum status sha256_bytes(const void *bytes, size_t len, char hex[SHA256_HEX + 1], struct error *err);

#endif
