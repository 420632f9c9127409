/* What an approval is bound to: digests of what is there now. */
#include "gate/gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "refit/base/json.h"

/* ---- files and folders ---- */

struct tree {
    struct arena *arena;
    struct gate_file *files; /* path in the folder, and digest; malloc'd */
    uint32_t count, cap;
};

static void add_file(struct tree *t, struct str path, struct str digest)
{
    MEM_GROW(t->files, t->count, t->cap);
    t->files[t->count++] = (struct gate_file){path, digest};
}

static enum status digest_file(struct arena *arena, const char *path, struct str *sha256, struct error *err)
{
    char hex[SHA256_HEX + 1];
    enum status status = sha256_file(path, hex, NULL, err);
    if (status == STATUS_OK)
        *sha256 = str_dup(arena, str_from(hex));
    return status;
}

static enum status walk(struct tree *t, const char *top, struct str below, struct error *err);

static enum status visit(struct tree *t, const char *top, struct str path, struct error *err)
{
    const char *full = str_format(t->arena, "%s/" STR_FMT, top, STR_ARG(path)).ptr;
    struct stat st;
    struct str digest = STR(""), text;
    bool found;
    enum status status = fs_lstat(full, &st, &found, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_IO, "%s went away while it was read", full);
    if (status == STATUS_OK && S_ISDIR(st.st_mode))
        return walk(t, top, path, err);
    if (status == STATUS_OK && S_ISLNK(st.st_mode)) {
        status = fs_read_link(t->arena, full, &text, err);
        if (status == STATUS_OK)
            digest = str_format(t->arena, "link:" STR_FMT, STR_ARG(text));
    } else if (status == STATUS_OK && S_ISREG(st.st_mode)) {
        status = digest_file(t->arena, full, &digest, err);
    } else if (status == STATUS_OK) {
        status = error_set(err, STATUS_IO, "%s is neither a file nor a folder nor a link", full);
    }
    if (status == STATUS_OK && (!str_is_utf8(path) || !str_is_utf8(digest)))
        return error_set(err, STATUS_MANIFEST, "what is approved must have names in UTF-8: " STR_FMT,
                         STR_ARG(str_printable(t->arena, path)));
    if (status == STATUS_OK)
        add_file(t, path, digest);
    return status;
}

static enum status walk(struct tree *t, const char *top, struct str below, struct error *err)
{
    const char *full = below.len > 0 ? str_format(t->arena, "%s/" STR_FMT, top, STR_ARG(below)).ptr : top;
    DIR *open = opendir(full);
    if (open == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot read the folder %s", full);
    enum status status = STATUS_OK;
    for (const struct dirent *e = readdir(open); e != NULL && status == STATUS_OK; e = readdir(open)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        struct str path = below.len > 0 ? str_format(t->arena, STR_FMT "/%s", STR_ARG(below), e->d_name)
                                        : str_dup(t->arena, str_from(e->d_name));
        status = visit(t, top, path, err);
    }
    closedir(open);
    return status;
}

static int compare_files(const void *a, const void *b)
{
    return str_compare(((const struct gate_file *)a)->path, ((const struct gate_file *)b)->path);
}

/* SHA-256 of the canonical JSON {PATH: DIGEST}. */
static enum status digest_map(struct arena *arena, struct gate_file *files, uint32_t count, struct str *sha256,
                              struct error *err)
{
    struct buf text = {0};
    struct json j;
    if (count > 1)
        qsort(files, count, sizeof *files, compare_files);
    json_init(&j, &text);
    json_open_object(&j);
    for (uint32_t i = 0; i < count; i++) {
        json_key_str(&j, files[i].path);
        json_str(&j, files[i].bytes);
    }
    json_close_object(&j);
    enum status status = gate_sha256(arena, buf_view(&text), sha256, err);
    buf_finish(&text);
    return status;
}

enum status gate_digest_path(struct arena *arena, const char *path, struct str *sha256, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot read %s", path);
    if (S_ISREG(st.st_mode))
        return digest_file(arena, path, sha256, err);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, STATUS_IO, "%s is neither a file nor a folder", path);
    struct tree t = {.arena = arena};
    enum status status = walk(&t, path, STR(""), err);
    if (status == STATUS_OK)
        status = digest_map(arena, t.files, t.count, sha256, err);
    free(t.files);
    return status;
}

/* ---- the binding ---- */

static struct str text_at(const struct value *definition, const char *dotted)
{
    const struct value *v = value_find(definition, str_from(dotted));
    return v != NULL && v->type == VALUE_STRING ? v->text : STR("");
}

/* The verdict names roles where it knows them; else the definition does. */
static bool is_baseline(const struct gate_question *q, const struct gate_input *input)
{
    static const char *const places[] = {"baseline", "anchor", "rows.baseline", "rows.anchor"};
    if (input->role.len > 0)
        return str_is(input->role, "baseline") || str_is(input->role, "anchor");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_equal(text_at(q->definition, places[i]), input->path))
            return true;
    return false;
}

static enum status check_input(struct arena *arena, const struct gate_question *q, const struct gate_input *input,
                               struct error *err)
{
    struct str now;
    enum status status = gate_digest_path(arena, str_terminated(arena, input->path), &now, err);
    if (status != STATUS_OK)
        return error_wrap(err, "gate `" STR_FMT "`", STR_ARG(q->gate));
    if (str_equal(now, input->sha256))
        return STATUS_OK;
    return error_set(err, STATUS_MANIFEST, "the verdict of gate `" STR_FMT "` is about another content of " STR_FMT
                     " than is there now; run the gate again", STR_ARG(q->gate), STR_ARG(input->path));
}

static enum status bind_inputs(struct arena *arena, const struct gate_question *q, const struct gate_verdict *verdict,
                               struct gate_binding *out, struct error *err)
{
    struct gate_file *test = arena_array(arena, struct gate_file, verdict->input_count);
    struct gate_file *base = arena_array(arena, struct gate_file, verdict->input_count);
    uint32_t test_count = 0, base_count = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < verdict->input_count && status == STATUS_OK; i++) {
        const struct gate_input *input = &verdict->inputs[i];
        struct gate_file file = {input->path, input->sha256};
        status = check_input(arena, q, input, err);
        if (is_baseline(q, input))
            base[base_count++] = file;
        else if (!str_equal(input->path, out->model))
            test[test_count++] = file;
    }
    if (status == STATUS_OK)
        status = digest_map(arena, test, test_count, &out->test_set, err);
    if (status == STATUS_OK)
        status = digest_map(arena, base, base_count, &out->baseline, err);
    return status;
}

enum status gate_verdict_read(struct arena *arena, const struct gate_question *q, struct gate_verdict *out,
                              struct error *err)
{
    bool found;
    struct str text;
    enum status status = gate_folder_read(arena, q->verdict_file, &found, &text, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_NOT_FOUND, "gate `" STR_FMT "` has no verdict yet (" STR_FMT "); run it first",
                         STR_ARG(q->gate), STR_ARG(q->verdict_file));
    if (status == STATUS_OK)
        status = gate_verdict_parse(arena, text, q->verdict_file, out, err);
    if (status == STATUS_OK && !str_equal(out->name, q->gate))
        return error_set(err, STATUS_MANIFEST, STR_FMT " is the verdict of `" STR_FMT "`, not of gate `" STR_FMT "`",
                         STR_ARG(q->verdict_file), STR_ARG(out->name), STR_ARG(q->gate));
    return status;
}

enum status gate_bind(struct arena *arena, const struct gate_question *q, const struct gate_trust *trust,
                      struct gate_verdict *verdict, struct gate_binding *out, struct error *err)
{
    enum status status = gate_verdict_read(arena, q, verdict, err);
    if (status != STATUS_OK)
        return status;
    *out = (struct gate_binding){
        .gate = q->gate,
        .repository = trust->policy.repository,
        .environment = q->environment,
        .stage_key = q->stage_key,
        .model = text_at(q->definition, "model"),
        .report = verdict->sha256,
        .policy = verdict->policy_sha256,
    };
    if (out->model.len == 0 || memchr(out->model.ptr, 0, out->model.len) != NULL)
        return error_set(err, STATUS_MANIFEST, "gate `" STR_FMT "` names no `model`, so there is nothing that could be "
                         "approved; add it to the definition", STR_ARG(q->gate));
    if (!str_is_utf8(out->model))
        return error_set(err, STATUS_MANIFEST, "the path of the model of gate `" STR_FMT "` is not UTF-8; rename it",
                         STR_ARG(q->gate));
    status = gate_digest_path(arena, str_terminated(arena, out->model), &out->model_sha256, err);
    if (status != STATUS_OK)
        return error_wrap(err, "the model of gate `" STR_FMT "`", STR_ARG(q->gate));
    return bind_inputs(arena, q, verdict, out, err);
}
