/* Bytes of files: read in blocks, digested, and taken out of gzip or zstd. */
#include "check/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/crypto.h"
#include "refit/base/arena.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum { BLOCK_BYTES = 256 << 10, GZIP_WINDOW = 15 + 16 }; /* + 16: a gzip header is expected */

enum packing { PACKING_UNKNOWN, PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct input {
    const char *path;
    int fd;
    struct crypto crypto;
    enum packing packing;
    bool at_end;      /* of the file */
    bool in_member;   /* gzip, zstd: begun and not ended */
    bool padding;     /* gzip: zeros may follow a member, as tapes and gzip(1) have it */
    uint64_t bytes;
    z_stream gzip;
    ZSTD_DStream *zstd;
    unsigned char *block; /* what was read and is not taken yet: [from, to) */
    size_t from, to;
};

enum status input_open(const char *path, struct input **out, struct error *err)
{
    struct input *in = mem_alloc(sizeof *in);
    in->path = path;
    in->fd = -1;
    enum status status = crypto_open("SHA-256", &in->crypto, err);
    if (status == STATUS_OK)
        status = crypto_begin(&in->crypto, "SHA-256", in->crypto.EVP_sha256(), err);
    if (status == STATUS_OK)
        status = fs_open(path, &in->fd, err);
    in->block = mem_alloc(BLOCK_BYTES);
    if (status != STATUS_OK) {
        input_close(in);
        in = NULL;
    }
    *out = in;
    return status;
}

void input_close(struct input *in)
{
    if (in == NULL)
        return;
    if (in->fd >= 0)
        close(in->fd);
    if (in->packing == PACKING_GZIP)
        inflateEnd(&in->gzip);
    ZSTD_freeDStream(in->zstd);
    crypto_close(&in->crypto);
    free(in->block);
    free(in);
}

/* Bytes as they are on disk. */
static enum status read_raw(struct input *in, void *to, size_t room, size_t *got, struct error *err)
{
    *got = 0;
    enum status status = interrupt_check(false, err);
    while (status == STATUS_OK && !in->at_end) {
        ssize_t n = read(in->fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, STATUS_IO, errno, "cannot read %s", in->path);
        in->at_end = n == 0;
        if (n > 0 && in->crypto.EVP_DigestUpdate(in->crypto.context, to, (size_t)n) != 1)
            return crypto_refused("SHA-256", err);
        in->bytes += (uint64_t)n;
        *got = (size_t)n;
        break;
    }
    return status;
}

static enum status fill(struct input *in, struct error *err)
{
    if (in->from < in->to || in->at_end)
        return STATUS_OK;
    in->from = 0;
    return read_raw(in, in->block, BLOCK_BYTES, &in->to, err);
}

/* A frame of zstd that holds something else (RFC 8878, 3.1.2). */
static bool is_skippable(const unsigned char *magic)
{
    return (magic[0] & 0xf0) == 0x50 && magic[1] == 0x2a && magic[2] == 0x4d && magic[3] == 0x18;
}

/* By the first four bytes. */
static enum status detect(struct input *in, struct error *err)
{
    enum { MAGIC = 4 };
    static const unsigned char zstd[MAGIC] = {0x28, 0xb5, 0x2f, 0xfd};
    while (in->to < MAGIC && !in->at_end) {
        size_t got;
        enum status status = read_raw(in, in->block + in->to, BLOCK_BYTES - in->to, &got, err);
        if (status != STATUS_OK)
            return status;
        in->to += got;
    }
    in->packing = PACKING_NONE;
    if (in->to >= MAGIC && (memcmp(in->block, zstd, MAGIC) == 0 || is_skippable(in->block))) {
        in->zstd = ZSTD_createDStream();
        if (in->zstd == NULL)
            return error_set(err, STATUS_IO, "cannot begin to decompress %s: out of memory", in->path);
        in->packing = PACKING_ZSTD;
    } else if (in->to >= 2 && in->block[0] == 0x1f && in->block[1] == 0x8b) {
        if (inflateInit2(&in->gzip, GZIP_WINDOW) != Z_OK)
            return error_set(err, STATUS_IO, "cannot begin to decompress %s: out of memory", in->path);
        in->packing = PACKING_GZIP;
    }
    return STATUS_OK;
}

static enum status broken(const struct input *in, const char *what, struct error *err)
{
    return error_set(err, STATUS_FAILED, "%s is not whole: %s", in->path, what);
}

static enum status read_gzip(struct input *in, char *to, size_t room, size_t *got, struct error *err)
{
    if (!in->in_member) {
        inflateReset(&in->gzip);
        in->in_member = true;
        in->padding = false;
    }
    in->gzip.next_in = in->block + in->from;
    in->gzip.avail_in = (uInt)(in->to - in->from);
    in->gzip.next_out = (unsigned char *)to;
    in->gzip.avail_out = (uInt)room;
    int answer = inflate(&in->gzip, Z_NO_FLUSH);
    in->from = in->to - in->gzip.avail_in;
    *got = room - in->gzip.avail_out;
    if (answer == Z_STREAM_END) {
        in->in_member = false;
        in->padding = true;
        return STATUS_OK;
    }
    if (answer != Z_OK && answer != Z_BUF_ERROR)
        return broken(in, in->gzip.msg != NULL ? in->gzip.msg : "its gzip data is damaged", err);
    return STATUS_OK;
}

static enum status read_zstd(struct input *in, char *to, size_t room, size_t *got, struct error *err)
{
    ZSTD_inBuffer from = {in->block, in->to, in->from};
    ZSTD_outBuffer out = {to, room, 0};
    size_t answer = ZSTD_decompressStream(in->zstd, &out, &from);
    in->from = from.pos;
    *got = out.pos;
    if (ZSTD_isError(answer))
        return broken(in, ZSTD_getErrorName(answer), err);
    in->in_member = answer != 0;
    return STATUS_OK;
}

static enum status read_packed(struct input *in, char *to, size_t room, size_t *got, struct error *err)
{
    *got = 0;
    for (;;) {
        enum status status = fill(in, err);
        if (status != STATUS_OK)
            return status;
        size_t before = in->from;
        while (in->padding && in->from < in->to && in->block[in->from] == 0)
            in->from++;
        if (in->from == in->to && before < in->to)
            continue;
        bool drained = in->from == in->to;
        if (drained && !in->in_member)
            return STATUS_OK;
        status = in->packing == PACKING_GZIP ? read_gzip(in, to, room, got, err) : read_zstd(in, to, room, got, err);
        if (status != STATUS_OK || *got > 0)
            return status;
        if (drained && in->in_member)
            return broken(in, "it ends in the middle of its compressed data", err);
    }
}

enum status input_read(struct input *in, char *to, size_t room, size_t *got, struct error *err)
{
    enum { ROOM_MAX = 1 << 30 }; /* zlib counts in 32 bits */
    enum status status = in->packing == PACKING_UNKNOWN ? detect(in, err) : STATUS_OK;
    *got = 0;
    if (status != STATUS_OK)
        return status;
    if (room > ROOM_MAX)
        room = ROOM_MAX;
    if (in->packing != PACKING_NONE)
        return read_packed(in, to, room, got, err);
    if (in->from == in->to)
        return read_raw(in, to, room, got, err);
    *got = in->to - in->from < room ? in->to - in->from : room;
    memcpy(to, in->block + in->from, *got);
    in->from += *got;
    return STATUS_OK;
}

enum status input_finish(struct input *in, char hex[SHA256_HEX + 1], struct error *err)
{
    return crypto_end(&in->crypto, "SHA-256", hex, err);
}

uint64_t input_bytes(const struct input *in)
{
    return in->bytes;
}
