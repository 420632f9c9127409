/* Getting a data set that is missing: from the store, or else from its URL, by the command of the rule `data.download`.
 * It is put together in a temporary, and takes its place only with the SHA-256 that is declared. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "refit/base/sha256.h"
#include "run/run.h"

/* Its name in the folder where it is put together; what came of it so far is beside it. */
#define CONTENT "content"

/* ---- from the store ---- */

static bool go_on(void *ctx, uint64_t bytes)
{
    (void)ctx;
    (void)bytes;
    return interrupt_count() == 0;
}

static enum status write_content(struct store *store, struct digest content, const char *place, struct error *err)
{
    enum status status = fs_remove_tree(place, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", place);
    status = store_get_fd(store, content, fd, place, go_on, NULL, err);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", place);
    return status;
}

/* *taken is false if the store does not have it whole, or it is something else. */
static enum status from_store(struct project *p, const struct manifest_data *set, struct digest content,
                              const char *place, bool *taken, struct error *err)
{
    char hex[SHA256_HEX + 1];
    struct error why;
    enum status status = store_has(p->store, content, taken, err);
    if (status != STATUS_OK || !*taken)
        return status;
    status = write_content(p->store, content, place, &why);
    if (status == STATUS_OK)
        status = sha256_file(place, hex, NULL, &why);
    *taken = status == STATUS_OK && str_is(set->sha256, hex);
    struct error ignored;
    if (!*taken)
        fs_remove_tree(place, &ignored);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT) /* a part of it is gone */
        return STATUS_OK;
    if (status != STATUS_OK)
        *err = why;
    return status;
}

/* ---- from its URL ---- */

/* As a value in a manifest, where `${` would begin a template. */
static void append_text(struct buf *out, const char *key, struct str text)
{
    struct buf plain = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '$' && i + 1 < text.len && text.ptr[i + 1] == '{')
            buf_str(&plain, STR("\\"));
        buf_append(&plain, text.ptr + i, 1);
    }
    buf_str(out, str_from(key));
    yaml_append_string(out, buf_view(&plain));
    buf_finish(&plain);
}

/* What a stage that uses the rule executes, in the folder that the shell is given as $0. */
static enum status make_command(struct project *p, struct arena *arena, const struct manifest_data *set,
                                const char **out, struct error *err)
{
    struct buf text = {0};
    struct manifest manifest;
    append_text(&text, "stages:\n  get:\n    use: data.download\n    with:\n      url: ", set->url);
    append_text(&text, "\n      sha256: ", set->sha256);
    append_text(&text, "\n      out: ", STR(CONTENT));
    struct manifest_source source = {
        .path = STR("refit.yaml"), .text = str_dup(arena, buf_view(&text)), .dialect = MANIFEST_REFIT};
    buf_finish(&text);
    enum status status = manifest_load(arena, &source, 1, p->root, NULL, &manifest, err);
    if (status == STATUS_OK)
        *out = str_format(arena, "cd \"$0\" || exit\n" STR_FMT, STR_ARG(manifest.stages[0].commands[0])).ptr;
    return status;
}

/* The last line of what a program said, with the one before, which says why it gave up. */
static struct str last_words(struct arena *arena, struct str text)
{
    struct str lines[2] = {{"", 0}, {"", 0}};
    for (text = str_trim(text); text.len > 0;) {
        ptrdiff_t end = str_find(text, '\n');
        lines[0] = lines[1];
        lines[1] = str_printable(arena, str_trim(end < 0 ? text : str_slice(text, 0, (size_t)end)));
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
    if (lines[1].len == 0)
        return STR("the download ended without a word");
    bool gave_up = lines[0].len > 0 && memmem(lines[1].ptr, lines[1].len, "given up", 8) != NULL;
    return gave_up ? str_format(arena, STR_FMT "; " STR_FMT, STR_ARG(lines[0]), STR_ARG(lines[1])) : lines[1];
}

static enum status download(struct project *p, struct arena *arena, const struct manifest_data *set, const char *folder,
                            struct error *err)
{
    const char *arguments[] = {"sh", "-c", NULL, folder, NULL};
    struct buf output = {0}, complaint = {0};
    int code = 0;
    enum status status = make_command(p, arena, set, &arguments[2], err);
    if (status == STATUS_OK)
        status = helper_run_long(arguments, p->workspace->fd, &output, &complaint, &code, err);
    if (status == STATUS_OK && code != 0)
        status = error_set(err, STATUS_NETWORK, STR_FMT, STR_ARG(last_words(arena, buf_view(&complaint))));
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

/* ---- both ---- */

/* What somebody has put there meanwhile stays. */
static enum status put_in_place(const struct manifest_data *set, const char *place, struct error *err)
{
    struct stat st;
    bool found;
    enum status status = fs_lstat(set->path.ptr, &st, &found, err);
    return status == STATUS_OK && !found ? fs_move(place, set->path.ptr, err) : status;
}

enum status fetch_set(struct project *p, struct arena *arena, const struct manifest_data *set,
                      const struct digest *known, uint32_t count, bool *stored, struct error *err)
{
    enum status status = interrupt_check(false, err);
    *stored = false;
    if (status == STATUS_OK)
        status = fs_make_parents(set->path.ptr, err);
    struct str folder = temporary_place(arena, set->path); /* asks about the parents */
    const char *place = path_join(arena, folder, STR(CONTENT)).ptr;
    if (status == STATUS_OK)
        status = fs_make_directories(folder.ptr, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK && !*stored; i++)
        status = from_store(p, set, known[i], place, stored, err);
    if (status == STATUS_OK && !*stored)
        status = download(p, arena, set, folder.ptr, err);
    if (status == STATUS_OK)
        status = put_in_place(set, place, err);
    struct error ignored;
    if (status == STATUS_OK)
        fs_remove_tree(folder.ptr, &ignored);
    else
        rmdir(folder.ptr); /* unless a part of it came: that is where the next run goes on */
    return status;
}
