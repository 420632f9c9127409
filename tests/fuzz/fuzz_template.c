/*
 * Manifests with files beside them: whatever templates, variables and generators come to is a manifest that keeps its
 * promises, or an error with a place in one of the files.
 *
 * An input is the manifest, then the files, each after a line `=== NAME`.
 */
#include <stddef.h>
#include <stdint.h>

#include "stages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 16, STAGES_MAX = 250000 };

struct project {
    struct str names[FILES_MAX], texts[FILES_MAX];
    uint32_t count;
};

/* The text up to the next `=== `, which begins a line; what follows it is left in `rest`. */
static struct str take_part(struct str *rest)
{
    struct str text = *rest;
    for (size_t i = 0; i + 4 <= text.len; i++)
        if ((i == 0 || text.ptr[i - 1] == '\n') && memcmp(text.ptr + i, "=== ", 4) == 0) {
            *rest = str_slice(text, i + 4, text.len);
            return str_slice(text, 0, i);
        }
    *rest = STR("");
    return text;
}

/* The names are canonical paths by then, or no name at all; the first file of a name counts. */
static struct str split(struct str input, struct project *project)
{
    struct str manifest = take_part(&input);
    while (input.len > 0 && project->count < FILES_MAX) {
        struct str part = take_part(&input);
        ptrdiff_t end = str_find(part, '\n');
        size_t name = end < 0 ? part.len : (size_t)end;
        project->names[project->count] = str_slice(part, 0, name);
        project->texts[project->count++] = str_slice(part, end < 0 ? name : name + 1, part.len);
    }
    return manifest;
}

static enum status read_project(void *ctx, struct arena *arena, struct str path, struct str *text, struct error *err)
{
    const struct project *project = ctx;
    must(path.ptr[path.len] == '\0');
    if (str_is(path, "folder"))
        return error_set(err, STATUS_IO, "cannot read folder: it is a folder");
    for (uint32_t i = 0; i < project->count; i++)
        if (str_equal(project->names[i], path)) {
            *text = str_dup(arena, project->texts[i]);
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

static void check_fault(const struct project *project, const struct error *err)
{
    struct str file = str_from(err->file);
    bool known = str_is(file, "refit.yaml");
    for (uint32_t i = 0; i < project->count; i++) {
        struct str name = project->names[i]; /* what is too long for a message is cut */
        known |= str_equal(file, name) || (file.len + 1 == sizeof err->file && str_starts(name, file));
    }
    must(known || strchr(err->file, '.') != NULL);
    char text[sizeof err->file + 4 * sizeof err->message];
    must(err->message[0] != '\0' && strchr(error_text(err, text, sizeof text), '\n') == NULL);
    must((err->line > 0) == (err->column > 0));
    must(err->line > 0 || !str_is(file, "refit.yaml"));
}

/* Each file once; it is there if it says so; keys of deps and outs are no templates any more. */
static void check_manifest(struct arena *arena, const struct project *project, const struct manifest *manifest)
{
    must(manifest->stage_count <= STAGES_MAX);
    for (uint32_t i = 0; i < manifest->stage_count; i++)
        check_stage(arena, &manifest->stages[i]);
    for (uint32_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        struct str text;
        struct error err;
        for (uint32_t k = 0; k < i; k++)
            must(!str_equal(manifest->files[k].path, file->path));
        enum status status = read_project((void *)(uintptr_t)project, arena, file->path, &text, &err);
        must(file->found == (status == STATUS_OK));
        must(!file->found || digest_equal(file->digest, digest_of(text.ptr, text.len)));
    }
}

/* Packed and back it is the same, and loading it again gives the same. */
static void check_again(const struct manifest *manifest, const struct manifest *again)
{
    struct buf one = {0}, other = {0};
    struct arena arena;
    struct manifest back;
    arena_init(&arena);
    manifest_pack(manifest, &one);
    manifest_pack(again, &other);
    must(str_equal(buf_view(&one), buf_view(&other)));
    buf_clear(&other);
    must(manifest_unpack(&arena, str_dup(&arena, buf_view(&one)), &back));
    manifest_pack(&back, &other);
    must(str_equal(buf_view(&one), buf_view(&other)));
    arena_finish(&arena);
    buf_finish(&one);
    buf_finish(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct project project = {0};
    struct manifest manifest, again;
    struct error err = {0};
    arena_init(&arena);
    struct str text = split((struct str){(const char *)data, size}, &project);
    struct manifest_source source = {STR("refit.yaml"), text, MANIFEST_REFIT};
    struct manifest_reader reader = {.read = read_project, .ctx = &project};
    enum status status = manifest_load(&arena, &source, 1, STR("/project"), &reader, &manifest, &err);
    must(status == STATUS_OK || status == STATUS_MANIFEST);
    must(arena_bytes(&arena) < (size_t)2 << 30);
    if (status != STATUS_OK) {
        check_fault(&project, &err);
    } else {
        check_manifest(&arena, &project, &manifest);
        if (manifest.stage_count < 1000) {
            must(manifest_load(&arena, &source, 1, STR("/project"), &reader, &again, &err) == STATUS_OK);
            check_again(&manifest, &again);
        }
    }
    arena_finish(&arena);
    return 0;
}
