/* MD5, by libcrypto: only what DVC has named needs it. */
#include "refit/base/md5.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum { PIECE_BYTES = 1 << 20, LOOK_BYTES = 512 };

static const char what[] = "MD5";

struct md5 {
    struct crypto crypto;
    unsigned char *piece; /* PIECE_BYTES */
};

enum status md5_create(struct md5 **out, struct error *err)
{
    struct md5 *md5 = mem_alloc(sizeof *md5);
    enum status status = crypto_open(what, &md5->crypto, err);
    if (status != STATUS_OK) {
        md5_destroy(md5);
        return status;
    }
    md5->piece = mem_alloc(PIECE_BYTES);
    *out = md5;
    return STATUS_OK;
}

void md5_destroy(struct md5 *md5)
{
    if (md5 == NULL)
        return;
    crypto_close(&md5->crypto);
    free(md5->piece);
    free(md5);
}

static enum status begin(struct md5 *md5, struct error *err)
{
    return crypto_begin(&md5->crypto, what, md5->crypto.EVP_md5(), err);
}

static bool update(struct md5 *md5, const void *bytes, size_t len)
{
    return md5->crypto.EVP_DigestUpdate(md5->crypto.context, bytes, len) == 1;
}

enum status md5_bytes(struct md5 *md5, struct str bytes, char hex[MD5_HEX + 1], struct error *err)
{
    enum status status = begin(md5, err);
    if (status == STATUS_OK && !update(md5, bytes.ptr, bytes.len))
        return crypto_refused(what, err);
    return status == STATUS_OK ? crypto_end(&md5->crypto, what, hex, err) : status;
}

/* No NUL in its beginning, and at most three bytes in ten that are not plain text. */
static bool looks_like_text(const unsigned char *bytes, size_t len)
{
    size_t looked = len < LOOK_BYTES ? len : LOOK_BYTES, odd = 0;
    for (size_t i = 0; i < looked; i++) {
        if (bytes[i] == '\0')
            return false;
        odd += !(bytes[i] >= ' ' && bytes[i] < 127) && strchr("\n\r\t\f\b", bytes[i]) == NULL;
    }
    return odd * 10 <= looked * 3;
}

static size_t join_lines(unsigned char *bytes, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != '\r' || i + 1 == len || bytes[i + 1] != '\n')
            bytes[kept++] = bytes[i];
    return kept;
}

/* A whole piece, unless the file ends. */
static ssize_t read_piece(int fd, unsigned char *piece)
{
    size_t len = 0;
    while (len < PIECE_BYTES) {
        ssize_t got = read(fd, piece + len, PIECE_BYTES - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

enum status md5_file(struct md5 *md5, const char *path, bool unix_lines, char hex[MD5_HEX + 1], struct error *err)
{
    enum status status = begin(md5, err);
    int fd = -1;
    if (status == STATUS_OK)
        status = fs_open(path, &fd, err);
    while (status == STATUS_OK) {
        ssize_t got = read_piece(fd, md5->piece);
        if (got < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
        if (got <= 0)
            break;
        size_t len = (size_t)got;
        if (unix_lines && looks_like_text(md5->piece, len))
            len = join_lines(md5->piece, len);
        if (!update(md5, md5->piece, len))
            status = crypto_refused(what, err);
        else
            status = interrupt_check(false, err);
    }
    if (fd >= 0)
        close(fd);
    return status == STATUS_OK ? crypto_end(&md5->crypto, what, hex, err) : status;
}
