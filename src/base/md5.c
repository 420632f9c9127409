/* MD5 by libcrypto, loaded and not linked: only what DVC has named needs it. */
#include "refit/base/md5.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/interrupt.h"

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)
#else
#define LIBRARY "libcrypto.so." SHLIB_VERSION_NUMBER
#endif

#define CRYPTO_FUNCTIONS(X) \
    X(EVP_MD_CTX_new) X(EVP_MD_CTX_free) X(EVP_md5) X(EVP_DigestInit_ex) X(EVP_DigestUpdate) X(EVP_DigestFinal_ex)

enum { PIECE_BYTES = 1 << 20, LOOK_BYTES = 512, MD5_SIZE = 16 };

struct md5 {
#define X(name) __typeof__(name) *name;
    CRYPTO_FUNCTIONS(X)
#undef X
    EVP_MD_CTX *context;
    unsigned char *piece; /* PIECE_BYTES */
};

static enum status find(void *library, const char *name, void *place, struct error *err)
{
    void *found = dlsym(library, name);
    if (found == NULL)
        return error_set(err, STATUS_IO, "%s has no %s", LIBRARY, name);
    memcpy(place, &found, sizeof found); /* ISO C has no cast from an object's address to a function's */
    return STATUS_OK;
}

enum status md5_create(struct md5 **out, struct error *err)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        return error_set(err, STATUS_IO, "MD5 cannot be computed: %s", why ? why : LIBRARY " is not there");
    }
    struct md5 *md5 = mem_alloc(sizeof *md5);
    enum status status = STATUS_OK;
#define X(name)              \
    if (status == STATUS_OK) \
        status = find(library, #name, &md5->name, err);
    CRYPTO_FUNCTIONS(X)
#undef X
    if (status == STATUS_OK) {
        md5->context = md5->EVP_MD_CTX_new();
        md5->piece = mem_alloc(PIECE_BYTES);
    }
    if (status == STATUS_OK && md5->context == NULL)
        status = error_set(err, STATUS_IO, "MD5 cannot be computed: %s does not start", LIBRARY);
    if (status != STATUS_OK) {
        md5_destroy(md5);
        return status;
    }
    *out = md5;
    return STATUS_OK;
}

void md5_destroy(struct md5 *md5)
{
    if (md5 == NULL)
        return;
    if (md5->context != NULL)
        md5->EVP_MD_CTX_free(md5->context);
    free(md5->piece);
    free(md5);
}

static enum status refused(struct error *err)
{
    return error_set(err, STATUS_IO, "MD5 cannot be computed: %s refuses it", LIBRARY);
}

static enum status begin(struct md5 *md5, struct error *err)
{
    return md5->EVP_DigestInit_ex(md5->context, md5->EVP_md5(), NULL) == 1 ? STATUS_OK : refused(err);
}

static enum status finish(struct md5 *md5, char hex[MD5_HEX + 1], struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (md5->EVP_DigestFinal_ex(md5->context, bytes, NULL) != 1)
        return refused(err);
    for (int i = 0; i < MD5_SIZE; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[MD5_HEX] = '\0';
    return STATUS_OK;
}

enum status md5_bytes(struct md5 *md5, struct str bytes, char hex[MD5_HEX + 1], struct error *err)
{
    enum status status = begin(md5, err);
    if (status == STATUS_OK && md5->EVP_DigestUpdate(md5->context, bytes.ptr, bytes.len) != 1)
        return refused(err);
    return status == STATUS_OK ? finish(md5, hex, err) : status;
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
    int fd = status == STATUS_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == STATUS_OK && fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    while (status == STATUS_OK) {
        ssize_t got = read_piece(fd, md5->piece);
        if (got < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
        if (got <= 0)
            break;
        size_t len = (size_t)got;
        if (unix_lines && looks_like_text(md5->piece, len))
            len = join_lines(md5->piece, len);
        if (md5->EVP_DigestUpdate(md5->context, md5->piece, len) != 1)
            status = refused(err);
        else
            status = interrupt_check(false, err);
    }
    if (fd >= 0)
        close(fd);
    return status == STATUS_OK ? finish(md5, hex, err) : status;
}
