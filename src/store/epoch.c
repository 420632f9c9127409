/* The epoch: a word in a file of its own beside the data, so that nobody has to open LMDB to know that nothing was
 * taken away. It is written before a transaction commits that takes something, so that no crash hides that, and again
 * when all is taken: who looked in between may have found what was on its way out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/digest.h"
#include "store/store.h"

enum { PATH_BYTES = 4096 };

static bool make_path(const char *directory, const char *name, char path[PATH_BYTES])
{
    return snprintf(path, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES;
}

/* In place: where the disk is full this needs no room, and gc is what makes some. */
static int write_word(const char *path, bool sync)
{
    char word[DIGEST_HEX + 1];
    struct digest chance;
    if (getrandom(chance.bytes, sizeof chance.bytes, 0) != (ssize_t)sizeof chance.bytes)
        return errno;
    digest_hex(chance, word);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    ssize_t written = pwrite(fd, word, DIGEST_HEX, 0);
    int rc = written == DIGEST_HEX ? 0 : written < 0 ? errno : ENOSPC;
    if (rc == 0 && sync && fdatasync(fd) != 0)
        rc = errno;
    close(fd);
    return rc;
}

int epoch_change(struct store *store)
{
    char path[PATH_BYTES];
    if (!make_path(store->env.directory, "epoch", path))
        return ENAMETOOLONG;
    int rc = write_word(path, !store->taken); /* later words only matter while nothing crashes */
    store->taken |= rc == 0;
    return rc;
}

enum status epoch_renew(struct store *store, struct error *err)
{
    char path[PATH_BYTES];
    int rc = make_path(store->env.directory, "epoch", path) ? write_word(path, true) : ENAMETOOLONG;
    return rc == 0 ? STATUS_OK : error_errno(err, STATUS_STORE, rc, "cannot write %s/epoch", store->env.directory);
}

enum status epoch_settle(struct store *store, struct error *err)
{
    return store->taken ? epoch_renew(store, err) : STATUS_OK;
}

void store_read_epoch(const char *directory, char epoch[STORE_EPOCH_SIZE])
{
    char path[PATH_BYTES], word[DIGEST_HEX];
    struct stat st;
    ssize_t got = 0;
    epoch[0] = '\0';
    if (!make_path(directory, "data.mdb", path) || stat(path, &st) != 0 || !make_path(directory, "epoch", path))
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    got = read(fd, word, sizeof word);
    close(fd);
    if (got != (ssize_t)sizeof word)
        return;
    struct buf all = {0};
    buf_append(&all, word, sizeof word);
    buf_u64(&all, (uint64_t)st.st_dev); /* a copy has the word, too, and need not have what came after it was made */
    buf_u64(&all, (uint64_t)st.st_ino);
    digest_hex(digest_of(all.ptr, all.len), epoch);
    buf_finish(&all);
}
