/* `refit logs`: what the commands of a stage printed, last time or right now. A reader: it takes no lock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

enum { BLOCK_BYTES = 64 << 10, POLL_MS = 100, LOCK_BYTES_MAX = 64 << 20 };

static const struct option_spec options[] = {
    {'F', "follow", NULL, "go on printing until the stage has ended"},
    {0, NULL, NULL, NULL},
};

/* Where text goes: with --json into a buffer, otherwise (NULL) to standard output as it comes. */
static void put(struct buf *into, const char *bytes, size_t len)
{
    if (into != NULL)
        buf_append(into, bytes, len);
    else if (len > 0)
        fwrite(bytes, 1, len, stdout);
}

/* Copies what can be read of `fd` from its current position on. */
static enum status copy_rest(int fd, struct buf *into, struct error *err)
{
    char block[BLOCK_BYTES];
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got == 0)
            return STATUS_OK;
        if (got < 0 && errno != EINTR)
            return error_errno(err, STATUS_IO, errno, "cannot read the log");
        if (got > 0)
            put(into, block, (size_t)got);
    }
}

/* ---- following ---- */

/* The process of the run that holds the workspace, as its lock file says; 0 = none. */
static int run_pid(void)
{
    struct buf text = {0};
    struct error ignored;
    int pid = 0;
    if (fs_read(".refit/lock", LOCK_BYTES_MAX, &text, &ignored) == STATUS_OK && text.len > 0)
        sscanf(text.ptr, "%d ", &pid);
    buf_finish(&text);
    return pid > 0 ? pid : 0;
}

/* Does the run still have this log open? It closes it when the stage has ended. */
static bool is_written(struct arena *arena, int pid, const struct stat *log)
{
    struct arena_mark mark = arena_get_mark(arena);
    DIR *folder = pid != 0 ? opendir(str_format(arena, "/proc/%d/fd", pid).ptr) : NULL;
    bool found = false;
    struct dirent *entry;
    struct stat st;
    while (folder != NULL && !found && (entry = readdir(folder)) != NULL)
        found = fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && st.st_dev == log->st_dev &&
                st.st_ino == log->st_ino;
    if (folder != NULL)
        closedir(folder);
    arena_rewind(arena, mark);
    return found;
}

/* Prints what is appended until the log is complete. Another attempt begins the log again, from its start. */
static enum status follow(struct arena *arena, int fd, struct error *err)
{
    for (;;) {
        struct stat st;
        if (fstat(fd, &st) != 0)
            return error_errno(err, STATUS_IO, errno, "cannot look at the log");
        /* Asked before the rest is read: what is written after the answer "no" does not exist. */
        bool live = is_written(arena, run_pid(), &st);
        if (st.st_size < lseek(fd, 0, SEEK_CUR))
            lseek(fd, 0, SEEK_SET);
        enum status status = copy_rest(fd, NULL, err);
        if (status != STATUS_OK || !live)
            return status;
        if (fflush(stdout) != 0)
            return STATUS_OK; /* main() looks at the stream's error */
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000l}, NULL);
        status = interrupt_check(false, err);
        if (status != STATUS_OK)
            return status;
    }
}

/* ---- the log that the store keeps ---- */

/* The log of the record that the stage's outs came from; zero if there is none. */
static enum status stored_log(struct project *project, struct arena *arena, struct str stage, struct digest *out,
                              struct error *err)
{
    const struct record *record;
    enum status status = cli_record(project, arena, stage, &record, err);
    *out = status == STATUS_OK && record != NULL ? record->log : (struct digest){{0}};
    return status;
}

static enum status print_stored(struct store *store, struct digest log, struct buf *into, struct error *err)
{
    struct buf text = {0};
    enum status status = store_get_bytes(store, log, &text, err);
    if (status == STATUS_OK)
        put(into, text.ptr, text.len);
    buf_finish(&text);
    return status;
}

/* Is the file this log? Leaves the file's position at its start. */
static enum status is_log(int fd, struct digest log, bool *same, struct error *err)
{
    struct hasher *hasher = hasher_create();
    char block[BLOCK_BYTES];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        hasher_update(hasher, block, (size_t)got);
    }
    *same = digest_equal(hasher_digest(hasher), log);
    hasher_destroy(hasher);
    if (got < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the log");
    return STATUS_OK;
}

/* The file has what was executed last; what was restored since was made by another execution, whose log is stored. */
static enum status print_file(struct project *project, struct arena *arena, struct str stage, int fd, struct buf *into,
                              struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot look at the log");
    struct digest log = {{0}};
    bool same = is_written(arena, run_pid(), &st);
    enum status status = same ? STATUS_OK : stored_log(project, arena, stage, &log, err);
    if (status == STATUS_OK && !digest_is_zero(log))
        status = is_log(fd, log, &same, err);
    if (status != STATUS_OK)
        return status;
    return same || digest_is_zero(log) ? copy_rest(fd, into, err) : print_stored(project->store, log, into, err);
}

static enum status print_log(struct invocation *in, struct project *project, struct buf *into, struct error *err)
{
    struct stage_id stage;
    enum status status = cli_stage(in, project, &stage, err);
    if (status != STATUS_OK)
        return status;
    struct str name = in->arguments[0];
    struct str path = run_log_path(&in->arena, name);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT)
        return error_errno(err, STATUS_IO, errno, "cannot open " STR_FMT, STR_ARG(path));
    if (fd >= 0) {
        status = option_given(in, 'F') ? follow(&in->arena, fd, err)
                                       : print_file(project, &in->arena, name, fd, into, err);
        close(fd);
        return status;
    }
    struct digest log;
    status = stored_log(project, &in->arena, name, &log, err);
    if (status == STATUS_OK && digest_is_zero(log) && project->graph.stages[stage.index].declared->console)
        return error_set(err, STATUS_NOT_FOUND,
                         "there is no log of `" STR_FMT "`: it has the terminal (`console`), and that is not kept",
                         STR_ARG(name));
    if (status == STATUS_OK && digest_is_zero(log))
        return error_set(err, STATUS_NOT_FOUND, "there is no log of `" STR_FMT "` yet: it has not run here",
                         STR_ARG(name));
    return status == STATUS_OK ? print_stored(project->store, log, into, err) : status;
}

static void print_json(struct str stage, const struct buf *text)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "stage");
    json_str(&j, stage);
    json_key(&j, "text");
    json_str(&j, buf_view(text));
    json_close_object(&j);
    output_json(&document);
}

static enum status run_logs(struct invocation *in, struct error *err)
{
    if (in->json && option_given(in, 'F'))
        return error_set(err, STATUS_USAGE, "--follow prints text as it comes; leave --json out");
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    struct buf text = {0};
    status = print_log(in, project, in->json ? &text : NULL, err);
    if (status == STATUS_OK && in->json)
        print_json(in->arguments[0], &text);
    buf_finish(&text);
    project_close(project);
    return status;
}

const struct command command_logs = {
    .name = "logs",
    .summary = "print what a stage's commands printed",
    .arguments = "STAGE",
    .description =
        "Prints the log of the stage's last execution here; of a stage that was restored, the log that the\n"
        "store keeps. With --follow, goes on while the stage runs. Reads only.",
    .examples = "  refit logs train\n"
                "  refit logs --follow train    while it runs",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_STAGES,
    .run = run_logs,
};
