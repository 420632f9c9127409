/* SHA-256 of files and bytes, by libcrypto. */
#include "refit/base/sha256.h"

#include <errno.h>
#include <unistd.h>

#include "base/crypto.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum { PIECE_BYTES = 64 << 10 };

static enum status digest(struct crypto *crypto, int fd, const char *path, char hex[SHA256_HEX + 1],
                          struct hasher *hasher, struct error *err)
{
    unsigned char piece[PIECE_BYTES];
    enum status status = crypto_begin(crypto, "SHA-256", crypto->EVP_sha256(), err);
    while (status == STATUS_OK) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
        if (got <= 0)
            break;
        hasher_update(hasher, piece, (size_t)got);
        if (crypto->EVP_DigestUpdate(crypto->context, piece, (size_t)got) != 1)
            status = crypto_refused("SHA-256", err);
        else
            status = interrupt_check(false, err);
    }
    return status == STATUS_OK ? crypto_end(crypto, "SHA-256", hex, err) : status;
}

enum status sha256_file(const char *path, char hex[SHA256_HEX + 1], struct digest *also, struct error *err)
{
    struct crypto crypto;
    enum status status = crypto_open("SHA-256", &crypto, err);
    int fd = -1;
    if (status == STATUS_OK)
        status = fs_open(path, &fd, err);
    if (status == STATUS_OK) {
        struct hasher *hasher = hasher_create();
        status = digest(&crypto, fd, path, hex, hasher, err);
        if (also != NULL)
            *also = hasher_digest(hasher);
        hasher_destroy(hasher);
    }
    if (fd >= 0)
        close(fd);
    crypto_close(&crypto);
    return status;
}

enum status sha256_bytes(const void *bytes, size_t len, char hex[SHA256_HEX + 1], struct error *err)
{
    struct crypto crypto;
    enum status status = crypto_open("SHA-256", &crypto, err);
    if (status == STATUS_OK)
        status = crypto_begin(&crypto, "SHA-256", crypto.EVP_sha256(), err);
    if (status == STATUS_OK && len > 0 && crypto.EVP_DigestUpdate(crypto.context, bytes, len) != 1)
        status = crypto_refused("SHA-256", err);
    if (status == STATUS_OK)
        status = crypto_end(&crypto, "SHA-256", hex, err);
    crypto_close(&crypto);
    return status;
}
