/* The pin, and what it leads to: policy, allowed signers and the protected branch. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/vcs.h"

/* A file of the pin: its settings are NAME and NAME_sha256. */
struct pinned {
    const char *name;
    struct str path, sha256, origin;
    struct str bytes;
};

struct opening {
    struct arena *arena;
    struct str root;
    struct str prefix; /* of the project in its repository: "" or with a slash at its end */
    struct str url, ref;
    struct pinned policy, signers;
    struct gate_trust *out;
};

/* ---- settings ---- */

static const struct config_entry *entry_of(const struct config *config, struct str name)
{
    for (uint32_t i = 0; i < config->entry_count; i++)
        if (str_equal(config->entries[i].name, name) && config->entries[i].value.len > 0)
            return &config->entries[i];
    return NULL;
}

static struct str setting(const struct config *config, const char *name)
{
    const struct config_entry *entry = entry_of(config, str_from(name));
    return entry != NULL ? entry->value : STR("");
}

static struct pinned pinned_file(struct arena *arena, const struct config *config, const char *name)
{
    const char *path = str_format(arena, "approvals.%s", name).ptr;
    const struct config_entry *entry = entry_of(config, str_from(path));
    return (struct pinned){
        .name = name,
        .path = entry != NULL ? entry->value : STR(""),
        .origin = entry != NULL ? entry->origin : STR(""),
        .sha256 = setting(config, str_format(arena, "approvals.%s_sha256", name).ptr),
        .bytes = STR(""),
    };
}

/* A .refit that came with the checkout is not this machine's. */
static enum status check_machine(struct opening *o, const struct config *config, struct error *err)
{
    bool ours = false, found;
    enum vcs_entry tracked = VCS_ENTRY_NONE;
    struct stat st;
    for (uint32_t i = 0; i < config->entry_count; i++)
        ours = ours || (str_starts(config->entries[i].name, STR("approvals.")) &&
                        str_starts(config->entries[i].origin, STR(".refit/")));
    if (!ours)
        return STATUS_OK;
    enum status status = vcs_find_entry(o->arena, ".", STR(".refit"), &tracked, err);
    if (status == STATUS_OK && tracked == VCS_ENTRY_NONE)
        status = fs_lstat(".refit", &st, &found, err);
    if (status == STATUS_OK && (tracked != VCS_ENTRY_NONE || !found || !S_ISDIR(st.st_mode)))
        return error_set(err, STATUS_MANIFEST, "whose approvals count is said in .refit/config.yaml, which came with "
                         "the checkout; write it into ~/.config/refit/config.yaml, and remove .refit from git");
    return status;
}

/* ---- where the checkout is ---- */

static bool is_repository(struct arena *arena, struct str folder)
{
    return access(path_join(arena, folder, STR(".git")).ptr, F_OK) == 0;
}

/* The nearest folder of git, or the outermost one; the root itself if there is none. */
static struct str top_of(struct opening *o, bool outermost)
{
    struct str top = o->root;
    bool found = false;
    for (struct str at = o->root;; at = path_parent(at)) {
        if (is_repository(o->arena, at) && (outermost || !found)) {
            top = at;
            found = true;
        }
        if (at.len <= 1)
            return top;
    }
}

static bool is_in_checkout(struct opening *o, const char *path)
{
    char *real = realpath(path, NULL), *top = realpath(str_terminated(o->arena, top_of(o, true)), NULL);
    bool inside = real == NULL || top == NULL ||
                  path_is_below(str_from(real), str_from(top)) || strcmp(real, top) == 0;
    free(real);
    free(top);
    return inside;
}

/* ---- files ---- */

static enum status read_file(struct opening *o, struct pinned *file, struct error *err)
{
    struct buf text = {0};
    const char *path = str_terminated(o->arena, file->path);
    bool absolute = path[0] == '/';
    if (!absolute && file->sha256.len == 0)
        return error_set(err, STATUS_MANIFEST, STR_FMT ": `approvals.%s` must be an absolute path outside the "
                         "checkout, or have "
                         "`approvals.%s_sha256` or `approvals.url` with it", STR_ARG(file->origin), file->name,
                         file->name);
    enum status status = fs_read(path, GATE_FILE_BYTES_MAX, &text, err);
    if (status != STATUS_OK)
        error_wrap(err, "`approvals.%s`", file->name);
    else if (file->sha256.len == 0 && is_in_checkout(o, path))
        status = error_set(err, STATUS_MANIFEST, STR_FMT ": %s is in the checkout, where whoever asks for an "
                           "approval could "
                           "change it; keep it elsewhere, or pin it with `approvals.%s_sha256`", STR_ARG(file->origin),
                           path, file->name);
    file->bytes = str_dup(o->arena, buf_view(&text));
    buf_finish(&text);
    return status;
}

static enum status check_digest(struct opening *o, const struct pinned *file, struct error *err)
{
    struct str sha256;
    if (file->sha256.len == 0)
        return STATUS_OK;
    enum status status = gate_sha256(o->arena, file->bytes, &sha256, err);
    if (status == STATUS_OK && !str_equal(sha256, file->sha256))
        return error_set(err, STATUS_MANIFEST, "`approvals.%s_sha256` is not the SHA-256 of " STR_FMT ", which is "
                         STR_FMT, file->name, STR_ARG(file->path), STR_ARG(sha256));
    return status;
}

/* ---- the protected branch ---- */

static enum status find_file(const struct opening *o, struct pinned *file, const struct gate_file *files,
                             uint32_t count, struct error *err)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(files[i].path, file->path)) {
            file->bytes = files[i].bytes;
            return STATUS_OK;
        }
    return error_set(err, STATUS_MANIFEST, STR_FMT ": " STR_FMT " of " STR_FMT " has no file " STR_FMT,
                     STR_ARG(file->origin), STR_ARG(o->ref), STR_ARG(o->url), STR_ARG(file->path));
}

/* Of the branch's files those of approvals, by their names in the project, and what says how models are evaluated. */
static void keep_approvals(struct opening *o, const struct gate_file *files, uint32_t count)
{
    struct str lock = str_format(o->arena, STR_FMT "refit.lock", STR_ARG(o->prefix));
    struct str ignore = str_format(o->arena, STR_FMT ".refitignore", STR_ARG(o->prefix));
    struct str folder = str_format(o->arena, STR_FMT GATE_FOLDER "/", STR_ARG(o->prefix));
    o->out->files = arena_array(o->arena, struct gate_file, count);
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal(files[i].path, lock))
            o->out->lock = files[i].bytes;
        if (str_equal(files[i].path, ignore))
            o->out->ignore = files[i].bytes;
        if (str_starts(files[i].path, folder))
            o->out->files[o->out->file_count++] =
                (struct gate_file){str_dup(o->arena, str_slice(files[i].path, o->prefix.len, files[i].path.len)),
                                   files[i].bytes};
    }
    o->out->protected_known = true;
}

static enum status read_branch(struct opening *o, struct str url, struct str ref, bool pins, struct error *err)
{
    struct gate_file *files;
    uint32_t count, path_count = 0;
    const char *paths[5];
    paths[path_count++] = str_format(o->arena, STR_FMT "refit.lock", STR_ARG(o->prefix)).ptr;
    paths[path_count++] = str_format(o->arena, STR_FMT ".refitignore", STR_ARG(o->prefix)).ptr;
    paths[path_count++] = str_format(o->arena, STR_FMT GATE_FOLDER, STR_ARG(o->prefix)).ptr;
    if (pins) {
        paths[path_count++] = str_terminated(o->arena, o->policy.path);
        paths[path_count++] = str_terminated(o->arena, o->signers.path);
    }
    enum status status = gate_branch_read(o->arena, url, ref, paths, path_count, &files, &count, err);
    if (status == STATUS_OK && pins)
        status = find_file(o, &o->policy, files, count, err);
    if (status == STATUS_OK && pins)
        status = find_file(o, &o->signers, files, count, err);
    if (status == STATUS_OK)
        keep_approvals(o, files, count);
    return status;
}

/* Without `protected` in the policy the branch that the policy is from is the one. */
static enum status read_protection(struct opening *o, struct error *err)
{
    struct gate_policy *policy = &o->out->policy;
    if (!policy->protection_given && o->url.len == 0)
        return error_set(err, STATUS_MANIFEST, STR_FMT " does not say where rejections cannot be taken away; add "
                         "`protected: {url: URL, ref: refs/heads/BRANCH}`, or `protected: none`",
                         STR_ARG(o->policy.path));
    if (!policy->protection_given) {
        policy->url = o->url;
        policy->ref = o->ref;
        return STATUS_OK;
    }
    bool same = str_equal(policy->url, o->url) && str_equal(policy->ref, o->ref);
    o->out->file_count = same ? o->out->file_count : 0;
    o->out->lock = same ? o->out->lock : STR("");
    o->out->ignore = same ? o->out->ignore : STR("");
    o->out->protected_known = same && o->out->protected_known;
    return policy->url.len > 0 && !same ? read_branch(o, policy->url, policy->ref, false, err) : STATUS_OK;
}

/* ---- opening ---- */

static enum status read_pin(struct opening *o, struct error *err)
{
    enum status status = STATUS_OK;
    if (o->url.len > 0)
        return read_branch(o, o->url, o->ref, true, err);
    status = read_file(o, &o->policy, err);
    return status == STATUS_OK ? read_file(o, &o->signers, err) : status;
}

static enum status check_settings(const struct opening *o, struct error *err)
{
    if (o->signers.path.len == 0 || o->policy.path.len == 0)
        return error_set(err, STATUS_MANIFEST, "`approvals.policy` and `approvals.signers` belong together; set both");
    if ((o->url.len > 0) != (o->ref.len > 0))
        return error_set(err, STATUS_MANIFEST, "`approvals.url` and `approvals.ref` belong together; set both");
    return STATUS_OK;
}

enum status gate_trust_open(struct arena *arena, const struct config *config, struct str root, struct gate_trust *out,
                            struct error *err)
{
    struct opening o = {.arena = arena, .root = root, .out = out};
    *out = (struct gate_trust){.policy.repository = STR(""), .lock = STR(""), .ignore = STR("")};
    o.policy = pinned_file(arena, config, "policy");
    o.signers = pinned_file(arena, config, "signers");
    o.url = setting(config, "approvals.url");
    o.ref = setting(config, "approvals.ref");
    struct str top = top_of(&o, false);
    if (path_is_below(root, top))
        o.prefix = str_format(arena, STR_FMT "/", STR_ARG(str_slice(root, top.len + (top.len > 1), root.len)));
    else
        o.prefix = STR("");
    enum status status = check_machine(&o, config, err);
    if (status != STATUS_OK || (o.policy.path.len == 0 && o.signers.path.len == 0 && o.url.len == 0))
        return status;
    status = check_settings(&o, err);
    if (status == STATUS_OK)
        status = read_pin(&o, err);
    if (status == STATUS_OK)
        status = check_digest(&o, &o.policy, err);
    if (status == STATUS_OK)
        status = check_digest(&o, &o.signers, err);
    if (status == STATUS_OK)
        status = gate_policy_parse(arena, o.policy.bytes, o.policy.path, &out->policy, err);
    if (status == STATUS_OK)
        status = gate_signers_parse(arena, o.signers.bytes, o.signers.path, &out->signers, err);
    if (status == STATUS_OK)
        status = read_protection(&o, err);
    out->pinned = status == STATUS_OK;
    return status;
}
