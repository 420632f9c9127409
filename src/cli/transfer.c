/* `refit store export` and `refit store import`: records and what they need, through one file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"

enum { READER_POLL_MS = 50 };

/* Without a manifest the store must have been named: otherwise a folder that is no project would get one. */
static enum status open_project(struct invocation *in, bool writer, struct project **out, struct error *err)
{
    struct project_options options = {.directory = in->directory, .manifest = in->manifest};
    struct project *project;
    enum status status = project_open_bare(&options, &project, err);
    if (status != STATUS_OK)
        return status;
    if (project->config.store_path.len == 0 && access(project->manifest_path.ptr, F_OK) != 0) {
        project_close(project);
        return error_set(err, STATUS_NOT_FOUND, "no refit.yaml here or above; go to a project (-C), or set "
                         "REFIT_STORE");
    }
    project->writer = writer;
    status = project_open_store(project, err);
    if (status == STATUS_OK && project->store == NULL)
        status = error_set(err, STATUS_NOT_FOUND, "there is no store yet at " STR_FMT "; run first",
                           STR_ARG(project->store_directory));
    if (status != STATUS_OK)
        project_close(project);
    else
        *out = project;
    return status;
}

static enum status file_argument(struct invocation *in, const char *what, struct error *err)
{
    return in->argument_count >= 2 ? STATUS_OK
                                   : error_set(err, STATUS_USAGE, "`refit store %s` needs a FILE (- is standard %s)",
                                               what, str_is(STR("export"), what) ? "output" : "input");
}

static void json_counts(struct json *j, const char *event, const struct store_transfer *counts)
{
    json_open_object(j);
    json_key(j, "event");
    json_str(j, str_from(event));
    json_key(j, "records");
    json_int(j, (int64_t)counts->records);
    json_key(j, "objects");
    json_int(j, (int64_t)counts->objects);
    json_key(j, "chunks");
    json_int(j, (int64_t)counts->chunks);
    json_key(j, "bytes");
    json_int(j, (int64_t)counts->bytes);
}

/* ---- what is exported ---- */

struct exporting {
    struct invocation *in;
    struct project *project;
    struct lock lock;
    struct digest *keys;
    uint32_t key_count;
    struct str *without; /* stages that the store has no record of */
    uint32_t without_count;
};

static enum status unknown_stage(struct exporting *x, struct str word, struct error *err)
{
    struct str *names = arena_array(&x->in->arena, struct str, x->lock.stage_count);
    for (uint32_t i = 0; i < x->lock.stage_count; i++)
        names[i] = x->lock.stages[i].name;
    const struct str *nearest = str_nearest(word, names, x->lock.stage_count);
    if (nearest != NULL)
        return error_set(err, STATUS_USAGE, "refit.lock has no stage `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(word), STR_ARG(*nearest));
    return error_set(err, STATUS_USAGE, "refit.lock has no stage `" STR_FMT "`; run it first", STR_ARG(word));
}

/* Adds a stage's key if there are records under it. */
static enum status want(struct exporting *x, const struct lock_stage *stage, bool named, struct error *err)
{
    struct record *records;
    uint32_t count = 0;
    struct error why;
    enum status status = store_get_records(x->project->store, stage->key, &x->in->arena, &records, &count, &why);
    if (status != STATUS_OK && status != STATUS_CORRUPT) { /* one that is damaged is left out, and told, later */
        *err = why;
        return status;
    }
    if (status == STATUS_OK && count == 0 && named)
        return error_set(err, STATUS_NOT_FOUND, "the store has no record of stage `" STR_FMT "` as refit.lock names "
                         "it; run it", STR_ARG(stage->name));
    if (status == STATUS_OK && count == 0)
        x->without[x->without_count++] = stage->name;
    else
        x->keys[x->key_count++] = stage->key;
    return STATUS_OK;
}

static enum status choose(struct exporting *x, struct error *err)
{
    uint32_t named = x->in->argument_count - 2;
    enum status status = lock_load(&x->in->arena, &x->lock, err);
    if (status == STATUS_OK && x->lock.stage_count == 0)
        return error_set(err, STATUS_NOT_FOUND, "refit.lock names no stage; run first, or export --all");
    x->keys = arena_array(&x->in->arena, struct digest, named > 0 ? named : x->lock.stage_count);
    x->without = arena_array(&x->in->arena, struct str, x->lock.stage_count);
    for (uint32_t i = 0; status == STATUS_OK && i < named; i++) {
        const struct lock_stage *stage = lock_find(&x->lock, x->in->arguments[i + 2]);
        status = stage ? want(x, stage, true, err) : unknown_stage(x, x->in->arguments[i + 2], err);
    }
    for (uint32_t i = 0; status == STATUS_OK && named == 0 && i < x->lock.stage_count; i++)
        status = want(x, &x->lock.stages[i], false, err);
    return status;
}

/* On stderr, since stdout may be the file. */
static void tell_left_out(void *ctx, const struct store_fault *fault)
{
    struct exporting *x = ctx;
    struct arena *arena = &x->in->arena;
    char hex[DIGEST_HEX + 1];
    struct arena_mark mark = arena_get_mark(arena);
    if (fault->kind == FAULT_OBJECT) {
        fprintf(stderr, "refit: left out: what was read of " STR_FMT ": " STR_FMT "\n",
                STR_ARG(str_printable(arena, fault->path)), STR_ARG(fault->text));
        arena_rewind(arena, mark);
        return;
    }
    fprintf(stderr, "refit: left out: record %s" STR_FMT ": ", digest_hex(fault->digest, hex),
            STR_ARG(output_text(arena, cli_stage_of_key(x->in, &x->lock, fault->digest))));
    if (fault->path.len > 0)
        fprintf(stderr, "its out " STR_FMT " cannot be had: ", STR_ARG(str_printable(arena, fault->path)));
    fprintf(stderr, STR_FMT "\n", STR_ARG(fault->text));
    arena_rewind(arena, mark);
}

static void tell_export(struct exporting *x, FILE *to, const struct store_transfer *counts)
{
    struct arena *arena = &x->in->arena;
    if (x->in->json) {
        struct buf document = {0};
        struct json j;
        json_init(&j, &document);
        json_counts(&j, "export_finished", counts);
        json_key(&j, "sources");
        json_int(&j, (int64_t)counts->sources);
        json_key(&j, "left_out");
        json_int(&j, (int64_t)counts->left_out);
        json_key(&j, "without_record");
        json_open_array(&j);
        for (uint32_t i = 0; i < x->without_count; i++)
            json_str(&j, x->without[i]);
        json_close_array(&j);
        json_close_object(&j);
        fprintf(to, "%s\n", document.ptr);
        buf_finish(&document);
        return;
    }
    if (x->in->quiet)
        return;
    for (uint32_t i = 0; i < x->without_count; i++)
        fprintf(to, "the store has no record of stage `" STR_FMT "`\n", STR_ARG(output_text(arena, x->without[i])));
    fprintf(to, "exported %" PRIu64 " record%s", counts->records, counts->records == 1 ? "" : "s");
    if (counts->sources > 0)
        fprintf(to, " and %" PRIu64 " data set%s", counts->sources, counts->sources == 1 ? "" : "s");
    fprintf(to, " with %" PRIu64 " chunk%s: " STR_FMT, counts->chunks, counts->chunks == 1 ? "" : "s",
            STR_ARG(output_size(arena, counts->bytes)));
    if (counts->left_out > 0)
        fprintf(to, "; left out %" PRIu64 ": see `refit verify`", counts->left_out);
    fputc('\n', to);
}

/* ---- where it goes ---- */

static enum status export_to(struct exporting *x, int fd, const char *name, FILE *tell, struct error *err)
{
    struct store_transfer counts;
    bool all = option_given(x->in, 'a');
    struct store_export_options options = {.keys = all ? NULL : x->keys, .key_count = x->key_count,
                                           .left_out = tell_left_out, .ctx = x};
    struct record_out *sources;
    enum status status = carried_find(x->project, &x->lock, x->in->arguments + 2, x->in->argument_count - 2, all,
                                      &sources, &options.source_count, err);
    options.sources = sources;
    if (status == STATUS_OK)
        status = store_export(x->project->store, &options, fd, name, &counts, err);
    if (status != STATUS_OK)
        return status;
    tell_export(x, tell, &counts);
    x->in->exit_status = counts.left_out > 0 ? status_exit(STATUS_CORRUPT) : 0;
    return STATUS_OK;
}

static enum status sync_and_close(int fd, const char *name, enum status status, struct error *err)
{
    if (status == STATUS_OK && fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        status = error_errno(err, STATUS_IO, errno, "cannot sync %s", name);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", name);
    return status;
}

/* A file is there whole or not at all: it gets its name last. */
static enum status export_to_file(struct exporting *x, const char *path, struct error *err)
{
    const char *temporary = str_format(&x->in->arena, "%s.tmp-%ld", path, (long)getpid()).ptr;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", temporary);
    enum status status = export_to(x, fd, temporary, stdout, err);
    status = sync_and_close(fd, temporary, status, err);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot rename %s to %s", temporary, path);
    if (status != STATUS_OK) {
        unlink(temporary);
        return status;
    }
    struct str folder = path_parent(str_from(path));
    return fs_sync_directory(str_terminated(&x->in->arena, folder), err);
}

/* A FIFO is waited for until somebody reads from it. */
static enum status open_pipe(const char *path, bool fifo, int *fd, struct error *err)
{
    enum status status = STATUS_OK;
    while ((*fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO && fifo &&
           status == STATUS_OK) {
        nanosleep(&(struct timespec){.tv_nsec = READER_POLL_MS * 1000000l}, NULL);
        status = interrupt_check(false, err);
    }
    if (status != STATUS_OK)
        return status;
    if (*fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    int flags = fcntl(*fd, F_GETFL);
    if (flags < 0 || fcntl(*fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    if (status != STATUS_OK)
        close(*fd);
    return status;
}

/* A pipe or a device that has a name is written to as it is. */
static enum status export_to_path(struct exporting *x, struct error *err)
{
    struct project *project = x->project;
    struct str path;
    struct stat st;
    enum status status = path_make(&x->in->arena, project->root, project->cwd, x->in->arguments[1], &path, err);
    if (status != STATUS_OK)
        return status;
    if (stat(path.ptr, &st) != 0 || S_ISREG(st.st_mode))
        return export_to_file(x, path.ptr, err);
    int fd;
    status = open_pipe(path.ptr, S_ISFIFO(st.st_mode), &fd, err);
    if (status != STATUS_OK)
        return status;
    return sync_and_close(fd, path.ptr, export_to(x, fd, path.ptr, stderr, err), err);
}

enum status cli_export(struct invocation *in, struct error *err)
{
    struct exporting x = {.in = in};
    bool all = option_given(in, 'a');
    enum status status = file_argument(in, "export", err);
    if (status != STATUS_OK)
        return status;
    bool piped = str_is(in->arguments[1], "-");
    if (all && in->argument_count > 2)
        return error_set(err, STATUS_USAGE, "--all exports every stage; leave `" STR_FMT "` out",
                         STR_ARG(in->arguments[2]));
    if (piped && isatty(STDOUT_FILENO))
        return error_set(err, STATUS_USAGE, "an export is not for a terminal; name a file, or pipe it somewhere");
    status = open_project(in, false, &x.project, err);
    if (status != STATUS_OK)
        return status;
    struct error ignored;
    if (!all)
        status = choose(&x, err);
    else if (lock_load(&in->arena, &x.lock, &ignored) != STATUS_OK) /* it only gives names */
        x.lock = (struct lock){0};
    if (status == STATUS_OK)
        status = piped ? export_to(&x, STDOUT_FILENO, "standard output", stderr, err) : export_to_path(&x, err);
    project_close(x.project);
    return status;
}

/* ---- import ---- */

static void tell_import(struct invocation *in, const struct store_transfer *counts)
{
    if (in->json) {
        struct buf document = {0};
        struct json j;
        json_init(&j, &document);
        json_counts(&j, "import_finished", counts);
        json_key(&j, "new_records");
        json_int(&j, (int64_t)counts->new_records);
        json_key(&j, "new_objects");
        json_int(&j, (int64_t)counts->new_objects);
        json_key(&j, "new_chunks");
        json_int(&j, (int64_t)counts->new_chunks);
        json_key(&j, "new_bytes");
        json_int(&j, (int64_t)counts->new_bytes);
        json_close_object(&j);
        output_json(&document);
    } else if (!in->quiet) {
        printf("imported %" PRIu64 " new of %" PRIu64 " record%s, %" PRIu64 " new of %" PRIu64 " chunk%s: " STR_FMT
               "\n", counts->new_records, counts->records, counts->records == 1 ? "" : "s", counts->new_chunks,
               counts->chunks, counts->chunks == 1 ? "" : "s",
               STR_ARG(output_size(&in->arena, counts->new_bytes)));
    }
}

/* The file is opened first: a name that is wrong makes no store. */
static enum status open_input(struct invocation *in, int *fd, struct error *err)
{
    struct str word = in->arguments[1];
    *fd = STDIN_FILENO;
    if (str_is(word, "-"))
        return isatty(STDIN_FILENO)
                   ? error_set(err, STATUS_USAGE, "an export cannot be typed; name a file, or pipe it in")
                   : STATUS_OK;
    if (in->directory != NULL && word.ptr[0] != '/')
        word = path_join(&in->arena, str_from(in->directory), word);
    *fd = open(str_terminated(&in->arena, word), O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it is waited for later */
    if (*fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open " STR_FMT,
                           STR_ARG(word));
    return STATUS_OK;
}

/* What was imported is there, whatever refit.lock is like. */
static enum status keep(struct invocation *in, struct project *project, struct error *err)
{
    struct error why;
    char text[3072];
    enum status status = carried_keep(project, &why);
    if (status == STATUS_MANIFEST) {
        output_warn(in, str_format(&in->arena, "%s; until then gc does not know which data sets it names",
                                   error_text(&why, text, sizeof text)));
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *err = why;
    return status;
}

enum status cli_import(struct invocation *in, struct error *err)
{
    struct project *project;
    struct store_transfer counts;
    int fd;
    enum status status = file_argument(in, "import", err);
    if (status != STATUS_OK)
        return status;
    if (in->argument_count > 2 || option_given(in, 'a'))
        return error_set(err, STATUS_USAGE, "`refit store import` takes one FILE, all of which is imported");
    status = open_input(in, &fd, err);
    if (status != STATUS_OK)
        return status;
    const char *name = fd == STDIN_FILENO ? "standard input" : str_terminated(&in->arena, in->arguments[1]);
    status = open_project(in, true, &project, err);
    if (status == STATUS_OK) {
        status = store_import(project->store, fd, name, &counts, err);
        if (status == STATUS_OK) {
            tell_import(in, &counts);
            status = keep(in, project, err);
        }
        project_close(project);
    }
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}
