/* libcrypto, loaded and not linked: only what others have named by their digests needs it. */
#include "base/crypto.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>
#include <string.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)
#else
#define LIBRARY "libcrypto.so." SHLIB_VERSION_NUMBER
#endif

static enum status find(void *library, const char *name, void *place, struct error *err)
{
    void *found = dlsym(library, name);
    if (found == NULL)
        return error_set(err, STATUS_IO, "%s has no %s", LIBRARY, name);
    memcpy(place, &found, sizeof found); /* ISO C has no cast from an object's address to a function's */
    return STATUS_OK;
}

enum status crypto_open(const char *what, struct crypto *out, struct error *err)
{
    *out = (struct crypto){.context = NULL};
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        return error_set(err, STATUS_IO, "%s cannot be computed: %s", what, why ? why : LIBRARY " is not there");
    }
    enum status status = STATUS_OK;
#define X(name)              \
    if (status == STATUS_OK) \
        status = find(library, #name, &out->name, err);
    CRYPTO_FUNCTIONS(X)
#undef X
    if (status == STATUS_OK && (out->context = out->EVP_MD_CTX_new()) == NULL)
        status = error_set(err, STATUS_IO, "%s cannot be computed: %s does not start", what, LIBRARY);
    return status;
}

void crypto_close(struct crypto *crypto)
{
    if (crypto->context != NULL)
        crypto->EVP_MD_CTX_free(crypto->context);
    crypto->context = NULL;
}

enum status crypto_refused(const char *what, struct error *err)
{
    return error_set(err, STATUS_IO, "%s cannot be computed: %s refuses it", what, LIBRARY);
}

enum status crypto_begin(struct crypto *crypto, const char *what, const EVP_MD *kind, struct error *err)
{
    return crypto->EVP_DigestInit_ex(crypto->context, kind, NULL) == 1 ? STATUS_OK : crypto_refused(what, err);
}

enum status crypto_end(struct crypto *crypto, const char *what, char *hex, struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (crypto->EVP_DigestFinal_ex(crypto->context, bytes, &size) != 1)
        return crypto_refused(what, err);
    for (unsigned i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * size] = '\0';
    return STATUS_OK;
}
