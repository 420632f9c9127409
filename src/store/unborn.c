/* Files that LMDB began and did not finish. It writes the first two pages of a new one without a sync; the first commit
 * syncs them with everything else. A full disk or a power cut before that may leave any part of it, without anybody's
 * data, and LMDB refuses it from then on. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/arena.h"
#include "store/env.h"

#define MAGIC 0xBEEFC0DEu
#define BYTES_MAX ((off_t)64 << 20) /* more is in no first commit */

/* What LMDB has in each of its first two pages. */
struct first_page {
    size_t number;
    uint16_t padding, flags;
    uint32_t bounds;
    uint32_t magic, version;
    void *address;
    size_t map_size;
    struct {
        uint32_t padding;
        uint16_t flags, depth;
        size_t counts[5];
    } trees[2];
    size_t last_page;
    size_t transaction; /* the last one that was committed into this page */
};

enum page_kind { PAGE_ABSENT, PAGE_NEW, PAGE_OTHER };

static enum page_kind kind_of(const uint8_t *bytes, size_t len)
{
    struct first_page page;
    size_t at = 0;
    while (at < len && bytes[at] == 0)
        at++;
    if (at == len)
        return PAGE_ABSENT;
    memcpy(&page, bytes, sizeof page);
    return page.magic == MAGIC && page.transaction == 0 ? PAGE_NEW : PAGE_OTHER;
}

/* One page is absent and the other is absent or new. An empty file is begun by LMDB itself. */
static bool is_unborn(int fd)
{
    struct stat st;
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    if (fstat(fd, &st) != 0 || st.st_size == 0 || st.st_size > BYTES_MAX)
        return false;
    uint8_t *bytes = mem_alloc(2 * size);
    ssize_t n = pread(fd, bytes, 2 * size, 0); /* what is missing at the end is zeros in `bytes` */
    enum page_kind first = kind_of(bytes, size), second = kind_of(bytes + size, size);
    free(bytes);
    return n > 0 && first != PAGE_OTHER && second != PAGE_OTHER && (first == PAGE_ABSENT || second == PAGE_ABSENT);
}

bool env_is_unborn(const char *data)
{
    int fd = open(data, O_RDONLY | O_CLOEXEC);
    bool unborn = fd >= 0 && is_unborn(fd);
    if (fd >= 0)
        close(fd);
    return unborn;
}

int env_claim_unborn(const char *data)
{
    int fd = open(data, O_RDWR | O_CLOEXEC);
    /* Another process may have done the same, and begun anew, before we look. A failure shows when it is opened. */
    if (fd >= 0 && flock(fd, LOCK_EX) == 0 && is_unborn(fd) && ftruncate(fd, 0) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}
