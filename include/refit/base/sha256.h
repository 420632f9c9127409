/* SHA-256, for content that others have named by it. From OpenSSL's libcrypto, which is loaded when it is needed. */
#ifndef REFIT_BASE_SHA256_H
#define REFIT_BASE_SHA256_H

#include <stddef.h>

#include "refit/base/digest.h"

#define SHA256_HEX 64

/* Of a file, as 64 lower-case hexadecimal digits and a NUL. STATUS_IO if libcrypto is not there. *also (may be NULL) is
 * the digest of the same bytes, from the same read: whatever becomes of the file, the one belongs to the other. */
enum status sha256_file(const char *path, char hex[SHA256_HEX + 1], struct digest *also, struct error *err);

/* Of a file; of a folder, that of the canonical JSON {PATH: SHA-256} of the files in it, a link in it being
 * "link:TEXT". *bytes (may be NULL) is the size of all files. STATUS_NOT_FOUND; STATUS_IO for a FIFO, socket or device;
 * STATUS_MANIFEST for a name that is not UTF-8. */
enum status sha256_path(struct arena *arena, const char *path, struct str *sha256, uint64_t *bytes, struct error *err);

/* Of the canonical JSON {PATH: SHA-256}; `files` is sorted. */
struct path_digest {
    struct str path, sha256;
};
enum status sha256_map(struct arena *arena, struct path_digest *files, uint32_t count, struct str *sha256,
                       struct error *err);

/* Of bytes, the same way. */
enum status sha256_bytes(const void *bytes, size_t len, char hex[SHA256_HEX + 1], struct error *err);

#endif
