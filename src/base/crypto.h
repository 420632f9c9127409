/* The functions of libcrypto that are used, found when the first digest of its kind is made. */
#ifndef REFIT_BASE_CRYPTO_H
#define REFIT_BASE_CRYPTO_H

#include <openssl/evp.h>

#include "refit/base/error.h"

#define CRYPTO_FUNCTIONS(X)                                                                       \
    X(EVP_MD_CTX_new) X(EVP_MD_CTX_free) X(EVP_md5) X(EVP_sha256) X(EVP_DigestInit_ex)            \
    X(EVP_DigestUpdate) X(EVP_DigestFinal_ex)

struct crypto {
#define X(name) __typeof__(name) *name;
    CRYPTO_FUNCTIONS(X)
#undef X
    EVP_MD_CTX *context;
};

/* Stays loaded. `what` is what cannot be computed without it, for messages. To be closed, also after failure. */
enum status crypto_open(const char *what, struct crypto *out, struct error *err);
void crypto_close(struct crypto *crypto);

/* A digest: begin it, add bytes with EVP_DigestUpdate(), and end it in lower-case hexadecimal digits and a NUL. */
enum status crypto_begin(struct crypto *crypto, const char *what, const EVP_MD *kind, struct error *err);
enum status crypto_end(struct crypto *crypto, const char *what, char *hex, struct error *err);
enum status crypto_refused(const char *what, struct error *err);

#endif
