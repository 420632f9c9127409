/* The protected branch, fetched with git into a repository of our own: what the checkout says of it does not count. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "refit/execute.h"

enum { WORDS_MAX = 24 };

static const char fetched[] = "refs/refit/protected";

struct branch {
    struct arena *arena;
    struct gate_scratch scratch;
    const char *url, *ref; /* for messages */
    const char *git_dir;   /* --git-dir=... */
};

static enum status failed(const struct branch *b, const struct buf *complaint, struct error *err)
{
    struct str said = str_trim(buf_view(complaint));
    ptrdiff_t end = str_find(said, '\n');
    said = str_printable(b->arena, end >= 0 ? str_slice(said, 0, (size_t)end) : said);
    return error_set(err, STATUS_IO, "the protected branch %s of %s cannot be read: " STR_FMT, b->ref, b->url,
                     STR_ARG(said.len > 0 ? said : STR("git gives no reason")));
}

/* `words` end with NULL. */
static enum status git(struct branch *b, const char *const *words, struct str input, struct buf *output,
                       struct error *err)
{
    /* Neither hooks nor settings of a template, nor transports that run a command. */
    const char *all[WORDS_MAX] = {"git", b->git_dir, "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never",
                                  "-c", "gc.auto=0"};
    size_t count = 8;
    for (; *words != NULL && count + 1 < WORDS_MAX; words++)
        all[count++] = *words;
    struct buf complaint = {0};
    int code = -1;
    enum status status = helper_run(all, input, output, &complaint, &code, err);
    if (status == STATUS_NOT_FOUND)
        status = error_set(err, STATUS_IO, "the protected branch needs git, which is not there; install it");
    else if (status == STATUS_OK && code != 0)
        status = failed(b, &complaint, err);
    buf_finish(&complaint);
    return status;
}

static enum status fetch(struct branch *b, struct error *err)
{
    struct buf output = {0};
    const char *refspec = str_format(b->arena, "+%s:%s", b->ref, fetched).ptr;
    const char *const init[] = {"init", "-q", "--bare", "--template=", NULL};
    const char *const remote[] = {"remote", "add", "protected", b->url, NULL};
    /* Content is fetched file by file where the other side can do that: a repository may be large. */
    const char *const get[] = {"fetch", "-q", "--no-tags", "--depth=1", "--filter=blob:none", "protected", refspec,
                               NULL};
    enum status status = git(b, init, STR(""), &output, err);
    if (status == STATUS_OK)
        status = git(b, remote, STR(""), &output, err);
    if (status == STATUS_OK)
        status = git(b, get, STR(""), &output, err);
    buf_finish(&output);
    return status;
}

/* ---- what is in it ---- */

struct listing {
    struct gate_file *files; /* malloc'd */
    uint32_t count, cap;
    struct buf ids; /* one a line, for cat-file */
};

/* "100644 blob ID\tPATH": files alone, no links and no submodules. */
static void take_entry(struct branch *b, struct listing *l, struct str entry)
{
    ptrdiff_t tab = str_find(entry, '\t');
    if (tab < 0 || !str_starts(entry, STR("100")))
        return;
    struct str head = str_slice(entry, 0, (size_t)tab), path = str_slice(entry, (size_t)tab + 1, entry.len);
    size_t from = head.len;
    while (from > 0 && head.ptr[from - 1] != ' ')
        from--;
    buf_str(&l->ids, str_slice(head, from, head.len));
    buf_char(&l->ids, '\n');
    MEM_GROW(l->files, l->count, l->cap);
    l->files[l->count++] = (struct gate_file){str_dup(b->arena, path), STR("")};
}

static enum status list(struct branch *b, const char *const *paths, uint32_t path_count, struct listing *l,
                        struct error *err)
{
    const char *words[WORDS_MAX] = {"--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", fetched, "--"};
    size_t count = 7;
    for (uint32_t i = 0; i < path_count; i++)
        words[count++] = paths[i];
    struct buf output = {0};
    enum status status = git(b, words, STR(""), &output, err);
    struct str rest = buf_view(&output);
    while (status == STATUS_OK && rest.len > 0) {
        ptrdiff_t end = str_find(rest, '\0');
        size_t len = end >= 0 ? (size_t)end : rest.len;
        take_entry(b, l, str_slice(rest, 0, len));
        rest = str_slice(rest, len + (end >= 0), rest.len);
    }
    buf_finish(&output);
    return status;
}

/* "ID blob SIZE\n", the bytes and a newline, for each. */
static bool take_bytes(struct branch *b, struct str *rest, struct gate_file *file)
{
    ptrdiff_t end = str_find(*rest, '\n');
    if (end < 0)
        return false;
    struct str head = str_slice(*rest, 0, (size_t)end);
    size_t from = head.len, size = 0;
    while (from > 0 && head.ptr[from - 1] != ' ')
        from--;
    for (size_t i = from; i < head.len; i++) {
        if (head.ptr[i] < '0' || head.ptr[i] > '9' || size > rest->len)
            return false;
        size = size * 10 + (size_t)(head.ptr[i] - '0');
    }
    *rest = str_slice(*rest, (size_t)end + 1, rest->len);
    if (from == head.len || rest->len < size + 1)
        return false;
    file->bytes = str_dup(b->arena, str_slice(*rest, 0, size));
    *rest = str_slice(*rest, size + 1, rest->len);
    return true;
}

static enum status read_content(struct branch *b, struct listing *l, struct error *err)
{
    const char *const words[] = {"cat-file", "--batch", NULL};
    struct buf output = {0};
    enum status status = l->count > 0 ? git(b, words, buf_view(&l->ids), &output, err) : STATUS_OK;
    struct str rest = buf_view(&output);
    for (uint32_t i = 0; i < l->count && status == STATUS_OK; i++)
        if (!take_bytes(b, &rest, &l->files[i]))
            status = error_set(err, STATUS_IO, "the protected branch %s of %s cannot be read: git does not give "
                               STR_FMT, b->ref, b->url, STR_ARG(str_printable(b->arena, l->files[i].path)));
    buf_finish(&output);
    return status;
}

static int compare_files(const void *a, const void *b)
{
    return str_compare(((const struct gate_file *)a)->path, ((const struct gate_file *)b)->path);
}

enum status gate_branch_read(struct arena *arena, struct str url, struct str ref, const char *const *paths,
                             uint32_t path_count, struct gate_file **files, uint32_t *count, struct error *err)
{
    struct branch b = {.arena = arena, .url = str_terminated(arena, url), .ref = str_terminated(arena, ref)};
    struct listing l = {.files = NULL};
    if (b.url[0] == '-' || !str_starts(ref, STR("refs/")) || strchr(b.ref, ':') != NULL)
        return error_set(err, STATUS_MANIFEST, "`%s` of `%s` is no branch of a repository; write an URL, and a ref in "
                         "full, such as refs/heads/main", b.ref, b.url);
    enum status status = gate_scratch_open(&b.scratch, err);
    if (status == STATUS_OK) {
        b.git_dir = str_format(arena, "--git-dir=%s/git", b.scratch.path).ptr;
        status = fetch(&b, err);
    }
    if (status == STATUS_OK)
        status = list(&b, paths, path_count, &l, err);
    if (status == STATUS_OK)
        status = read_content(&b, &l, err);
    if (l.count > 1)
        qsort(l.files, l.count, sizeof *l.files, compare_files);
    *files = arena_copy(arena, l.files, mem_product(l.count, sizeof *l.files));
    *count = l.count;
    gate_scratch_close(&b.scratch);
    buf_finish(&l.ids);
    free(l.files);
    return status;
}
