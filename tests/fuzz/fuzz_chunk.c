/* The chunker: chunks add up to the content and have the sizes that are promised; what follows a cut does not decide
 * it, nor does where in memory the bytes are. */
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "refit/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTENT_MAX = 3 << 19 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_elsewhere(const uint8_t *bytes, size_t len, size_t cut, size_t shift)
{
    uint8_t *copy = mem_alloc(len + shift);
    memcpy(copy + shift, bytes, len);
    memset(copy + shift + cut, 0x5a, len - cut);
    check(chunk_cut(copy + shift, len) == cut);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct buf content = {0};
    grow(&r, &content, CONTENT_MAX);
    const uint8_t *bytes = (const uint8_t *)content.ptr;
    for (size_t at = 0; at < content.len;) {
        size_t left = content.len - at, cut = chunk_cut(bytes + at, left);
        check(cut > 0 && cut <= left && cut <= CHUNK_MAX && (cut == left || cut > CHUNK_MIN));
        check(chunk_cut(bytes + at, cut) == cut);
        if (at == 0)
            check_elsewhere(bytes, left, cut, 1 + size % 63);
        at += cut;
    }
    buf_finish(&content);
    return 0;
}
