/* `refit init`: a manifest that runs, to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "refit/base/fs.h"
#include "refit/base/path.h"

static const char first_manifest[] =
    "# What this project makes, and from what. `refit` runs what changed, `refit status` says what that would be, and\n"
    "# `refit why STAGE` says why. Replace these two stages by your own.\n"
    "stages:\n"
    "  numbers:\n"
    "    kind: data\n"
    "    cmd: seq 1 100 > numbers.txt\n"
    "    outs: [numbers.txt]\n"
    "\n"
    "  total:\n"
    "    kind: model\n"
    "    cmd: awk '{ n += $1 } END { print \"total:\", n }' numbers.txt > total.yaml\n"
    "    deps: [numbers.txt]\n"
    "    metrics: [total.yaml]\n";

/* The line that tells editors where the schema is: beside the program, in an installation. Elsewhere there is none. */
static struct str schema_line(struct arena *arena)
{
    struct str program, none = STR("");
    struct error ignored;
    if (fs_read_link(arena, "/proc/self/exe", &program, &ignored) != STATUS_OK)
        return none;
    struct str prefix = path_parent(path_parent(program));
    struct str schema = str_format(arena, STR_FMT "/share/refit/refit.schema.json", STR_ARG(prefix));
    bool plain = str_find(schema, '\n') < 0 && str_find(schema, ' ') < 0 && str_is_utf8(schema);
    if (!plain || access(schema.ptr, R_OK) != 0)
        return none;
    return str_format(arena, "# yaml-language-server: $schema=" STR_FMT "\n", STR_ARG(schema));
}

/* Makes a file that was not there; *made is false if it was. */
static enum status create_file(const char *path, struct str bytes, bool *made, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *made = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        return STATUS_OK;
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", path);
    enum status status = fs_write_all(fd, bytes.ptr, bytes.len, path, err);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", path);
    if (status != STATUS_OK)
        unlink(path);
    return status;
}

static enum status make_project(struct arena *arena, const char *folder, struct error *err)
{
    bool made;
    if (access("dvc.yaml", F_OK) == 0 && access("refit.yaml", F_OK) != 0)
        return error_set(err, STATUS_USAGE,
                         "there is a dvc.yaml in %s, which refit runs as it is; `refit migrate` makes a refit.yaml",
                         folder);
    struct str text = str_format(arena, STR_FMT "%s", STR_ARG(schema_line(arena)), first_manifest);
    enum status status = create_file("refit.yaml", text, &made, err);
    if (status == STATUS_OK && !made)
        return error_set(err, STATUS_USAGE, "there is a refit.yaml in %s already; it was left as it is", folder);
    if (status == STATUS_OK)
        status = fs_make_directories(".refit", err);
    if (status == STATUS_OK)
        status = create_file(".refit/.gitignore", STR("*\n"), &made, err);
    return status;
}

/* For a shell. */
static bool is_one_word(struct str text)
{
    bool plain = text.len > 0;
    for (size_t i = 0; i < text.len && plain; i++)
        plain = strchr(" \t'\"\\$&;|<>()*?[]#~`!{}", text.ptr[i]) == NULL;
    return plain;
}

static void print_json(void)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "made");
    json_open_array(&j);
    json_str(&j, STR("refit.yaml"));
    json_str(&j, STR(".refit/.gitignore"));
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status run_init(struct invocation *in, struct error *err)
{
    if (in->directory != NULL && chdir(in->directory) != 0)
        return error_errno(err, STATUS_USAGE, errno, "-C %s", in->directory);
    const char *folder = in->argument_count > 0 ? in->arguments[0].ptr : ".";
    enum status status = fs_make_directories(folder, err);
    if (status != STATUS_OK)
        return status;
    if (chdir(folder) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot enter %s", folder);
    status = make_project(&in->arena, in->argument_count > 0 ? folder : "this folder", err);
    if (status == STATUS_OK && in->json)
        print_json();
    if (status != STATUS_OK || in->quiet || in->json)
        return status;
    if (in->argument_count > 0) {
        struct str shown = str_printable(&in->arena, in->arguments[0]);
        const char *quote = is_one_word(shown) ? "" : "'";
        printf("made " STR_FMT "/refit.yaml, with two small stages. Next:\n", STR_ARG(shown));
        printf("  cd %s" STR_FMT "%s\n", quote, STR_ARG(shown), quote);
    } else {
        puts("made refit.yaml, with two small stages. Next:");
    }
    puts("  refit            run them\n"
         "  refit            again: there is nothing to do\n"
         "  refit metrics    see what they made\n"
         "  refit help       see what else there is");
    return STATUS_OK;
}

const struct command command_init = {
    .name = "init",
    .summary = "begin a project",
    .arguments = "[DIR]",
    .description =
        "Writes a small refit.yaml that runs, and the folder .refit for refit's own files, which git ignores.\n"
        "An existing refit.yaml is never overwritten.",
    .examples = "  refit init\n"
                "  refit init digits && cd digits && refit",
    .common = COMMON_FOLDER | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = 1,
    .completion = COMPLETE_FOLDERS,
    .run = run_init,
};
