/* Opening a project: finding its root, loading manifest and configuration, opening state and store. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/base/version.h"
#include "refit/rule.h"
#include "run/run.h"

enum { MANIFEST_BYTES_MAX = 256 << 20, CONFIG_BYTES_MAX = 1 << 20 };

/* From so many bytes of text or stages on, loading a manifest costs more than finding it in the state. */
enum { KEPT_BYTES_MIN = 64 << 10, KEPT_STAGES_MIN = 256 };

static enum status current_directory(struct arena *arena, struct str *out, struct error *err)
{
    char *path = getcwd(NULL, 0);
    if (path == NULL)
        return error_errno(err, STATUS_IO, errno, "the working directory cannot be read");
    *out = str_dup(arena, str_from(path));
    free(path);
    return STATUS_OK;
}

/* The nearest folder, from `start` up, that has this; then it is the root. */
static bool find_above(struct project *p, struct str start, struct str name)
{
    for (struct str folder = start;; folder = path_parent(folder)) {
        struct arena_mark mark = arena_get_mark(&p->arena);
        bool there = access(path_join(&p->arena, folder, name).ptr, F_OK) == 0;
        arena_rewind(&p->arena, mark);
        if (there)
            p->root = str_dup(&p->arena, folder);
        if (there || str_is(folder, "/"))
            return there;
    }
}

static bool find_dvc_root(struct project *p, struct str start)
{
    p->dialect = MANIFEST_DVC;
    if (!find_above(p, start, STR(".dvc")) && !find_above(p, start, STR("dvc.yaml")))
        return false;
    bool is_file = access(path_join(&p->arena, p->root, STR("dvc.yaml")).ptr, F_OK) == 0;
    p->manifest_path = is_file ? STR("dvc.yaml") : STR(".dvc");
    return true;
}

static enum status find_root(struct project *p, struct str start, struct error *err)
{
    p->manifest_path = STR("refit.yaml");
    if (find_above(p, start, STR("refit.yaml")) || find_dvc_root(p, start))
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND,
                     "no refit.yaml in " STR_FMT " or above it, and no dvc.yaml; `refit init` makes one, -f names "
                     "another file",
                     STR_ARG(start));
}

/* With -f, the manifest's folder is the root, or is in the project of DVC. */
static enum status named_root(struct project *p, struct str start, const char *manifest, struct error *err)
{
    struct str path;
    enum status status = path_make(&p->arena, STR("/"), start, str_from(manifest), &path, err);
    if (status != STATUS_OK)
        return error_wrap(err, "-f");
    if (path.ptr[0] != '/')
        path = str_format(&p->arena, "/" STR_FMT, STR_ARG(path));
    p->root = str_dup(&p->arena, path_parent(path));
    p->manifest_path = path_name(path);
    if (!str_is(p->manifest_path, "dvc.yaml"))
        return STATUS_OK;
    if (access(path.ptr, F_OK) != 0)
        return error_errno(err, STATUS_NOT_FOUND, errno, "%s", manifest);
    find_dvc_root(p, p->root);
    return path_make(&p->arena, p->root, STR("."), path, &p->here, err);
}

static enum status enter_root(struct project *p, const struct project_options *options, bool need_manifest,
                              struct error *err)
{
    if (options->directory != NULL && chdir(options->directory) != 0)
        return error_errno(err, STATUS_USAGE, errno, "-C %s", options->directory);
    struct str start;
    enum status status = current_directory(&p->arena, &start, err);
    if (status != STATUS_OK)
        return status;
    if (options->manifest != NULL)
        status = named_root(p, start, options->manifest, err);
    else
        status = find_root(p, start, err);
    if (status == STATUS_NOT_FOUND && !need_manifest) {
        p->root = start;
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (chdir(p->root.ptr) != 0)
        return error_errno(err, options->manifest ? STATUS_USAGE : STATUS_IO, errno, "cannot enter " STR_FMT,
                           STR_ARG(p->root));
    status = path_make(&p->arena, p->root, STR("."), start, &p->cwd, err);
    if (status != STATUS_OK || p->dialect != MANIFEST_DVC || p->here.len > 0)
        return status;
    struct str here = path_join(&p->arena, p->cwd, STR("dvc.yaml"));
    if (access(here.ptr, F_OK) == 0)
        p->here = here;
    return STATUS_OK;
}

/* ---- the manifest ---- */

/* A file that the manifest refers to. */
static enum status read_file(struct arena *arena, struct str path, struct str *text, struct error *err)
{
    struct buf bytes = {0};
    struct error why;
    enum status status = fs_read(path.ptr, MANIFEST_BYTES_MAX, &bytes, &why);
    if (status == STATUS_OK)
        *text = str_dup(arena, buf_view(&bytes));
    else if (status != STATUS_NOT_FOUND)
        *err = why;
    buf_finish(&bytes);
    return status;
}

static enum status read_for_manifest(void *ctx, struct arena *arena, struct str path, struct str *text,
                                     struct error *err)
{
    (void)ctx;
    return read_file(arena, path, text, err);
}

/* The name under which the state keeps a manifest: all that its loading depends on, but the files that it lists. */
static struct str kept_name(struct project *p, const struct manifest_source *sources, uint32_t count)
{
    char hex[DIGEST_HEX + 1];
    struct buf all = {0};
    buf_lstr(&all, p->root);
    buf_lstr(&all, STR(REFIT_VERSION));
    struct digest rules = rules_shipped_digest();
    buf_append(&all, rules.bytes, DIGEST_SIZE);
    for (uint32_t i = 0; i < count; i++) {
        buf_u8(&all, (uint8_t)sources[i].dialect);
        buf_lstr(&all, sources[i].path);
        buf_lstr(&all, sources[i].text);
    }
    struct str name = str_format(&p->arena, "%s", digest_hex(digest_of(all.ptr, all.len), hex));
    buf_finish(&all);
    return name;
}

/* Are the files that a manifest was loaded from as they were? Whatever cannot be read is not. */
static bool files_are_same(const struct manifest *manifest)
{
    bool same = true;
    for (uint32_t i = 0; i < manifest->file_count && same; i++) {
        const struct manifest_file *file = &manifest->files[i];
        struct arena scratch;
        struct str text;
        struct error ignored;
        arena_init(&scratch);
        enum status status = read_file(&scratch, file->path, &text, &ignored);
        same = status == STATUS_OK ? file->found && digest_equal(file->digest, digest_of(text.ptr, text.len))
                                   : status == STATUS_NOT_FOUND && !file->found;
        arena_finish(&scratch);
    }
    return same;
}

/* The state keeps one manifest: behind the name of 32 characters its packed form. */
static enum status take_kept(struct project *p, struct str name, bool *taken, struct error *err)
{
    struct str kept;
    struct arena_mark mark = arena_get_mark(&p->arena);
    enum status status = state_get_value(p->state, STR("manifest"), &p->arena, &kept, taken, err);
    if (status != STATUS_OK || !*taken)
        return status;
    *taken = str_starts(kept, name) && manifest_unpack(&p->arena, str_slice(kept, name.len, kept.len), &p->manifest) &&
             files_are_same(&p->manifest);
    if (!*taken)
        arena_rewind(&p->arena, mark);
    return STATUS_OK;
}

static void keep(struct project *p, struct str name)
{
    struct buf packed = {0};
    buf_str(&packed, name);
    manifest_pack(&p->manifest, &packed);
    state_set_value(p->state, STR("manifest"), buf_view(&packed));
    buf_finish(&packed);
}

static enum status load_sources(struct project *p, const struct manifest_source *sources, uint32_t count,
                                struct error *err)
{
    struct str name = kept_name(p, sources, count);
    bool taken = false;
    enum status status = take_kept(p, name, &taken, err);
    if (status != STATUS_OK || taken)
        return status;
    status = manifest_load(&p->arena, sources, count, p->root, &p->reader, &p->manifest, err);
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += sources[i].text.len;
    bool large = bytes >= KEPT_BYTES_MIN || p->manifest.stage_count >= KEPT_STAGES_MIN;
    if (status == STATUS_OK && large && p->writer)
        keep(p, name);
    return status;
}

static enum status load_one(struct project *p, struct error *err)
{
    struct buf text = {0};
    digest_is_settled(p->fp, p->manifest_path, p->opened_ns, &p->manifest_stats);
    enum status status = fs_read(p->manifest_path.ptr, MANIFEST_BYTES_MAX, &text, err);
    if (status == STATUS_IO) /* a folder, no permission: whatever `-f` names, or is there, is no manifest */
        status = err->status = STATUS_MANIFEST;
    if (status == STATUS_OK) { /* the manifest may point into its text: that stays */
        struct manifest_source source = {.path = p->manifest_path, .text = str_dup(&p->arena, buf_view(&text))};
        status = load_sources(p, &source, 1, err);
    }
    buf_finish(&text);
    return status;
}

static enum status load_of_dvc(struct project *p, struct error *err)
{
    enum status status = discover_sources(p, err);
    return status == STATUS_OK ? load_sources(p, p->sources, p->source_count, err) : status;
}

static enum status load_manifest(struct project *p, struct error *err)
{
    enum status status = p->dialect == MANIFEST_DVC ? load_of_dvc(p, err) : load_one(p, err);
    if (status == STATUS_OK)
        status = graph_build(&p->arena, &p->manifest, &p->graph, err);
    return status;
}

enum status project_read_section(struct project *p, struct arena *arena, struct str name, const struct value **out,
                                 struct error *err)
{
    struct manifest_source source = {.path = p->manifest_path};
    if (source.path.len == 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no refit.yaml here or above, so there is no `" STR_FMT "`",
                         STR_ARG(name));
    enum status status = read_file(arena, source.path, &source.text, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "there is no " STR_FMT ", so there is no `" STR_FMT "`", STR_ARG(source.path),
                         STR_ARG(name));
    return status == STATUS_OK ? manifest_read_section(arena, &source, p->root, &p->reader, name, out, err) : status;
}

/* ---- configuration ---- */

static enum status read_source(struct arena *arena, struct str path, struct config_source *sources, uint32_t *count,
                               struct error *err)
{
    struct buf text = {0};
    struct error why;
    enum status status = fs_read(path.ptr, CONFIG_BYTES_MAX, &text, &why);
    if (status == STATUS_OK)
        sources[(*count)++] = (struct config_source){path, str_dup(arena, buf_view(&text))};
    else if (status != STATUS_NOT_FOUND)
        *err = why;
    buf_finish(&text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static struct str user_config_path(struct arena *arena)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (base != NULL && base[0] == '/')
        return str_format(arena, "%s/refit/config.yaml", base);
    return home != NULL ? str_format(arena, "%s/.config/refit/config.yaml", home) : STR("");
}

static enum status load_config(struct project *p, const struct project_options *options, struct error *err)
{
    struct config_source sources[8];
    uint32_t count = 0;
    for (uint32_t i = 0; i < options->override_count && count < 4; i++)
        sources[count++] = options->config_overrides[i];
    enum status status = read_source(&p->arena, STR(".refit/config.yaml"), sources, &count, err);
    if (status == STATUS_OK)
        status = read_source(&p->arena, STR("refit.config.yaml"), sources, &count, err);
    struct str user = user_config_path(&p->arena);
    if (status == STATUS_OK && user.len > 0)
        status = read_source(&p->arena, user, sources, &count, err);
    if (status == STATUS_OK)
        status = config_load(&p->arena, sources, count, &p->config, err);
    struct buf files = {0};
    for (uint32_t i = options->override_count; i < count; i++) {
        buf_lstr(&files, sources[i].file);
        buf_lstr(&files, sources[i].text);
    }
    p->config_digest = digest_of(files.ptr, files.len);
    buf_finish(&files);
    if (status != STATUS_OK)
        return status;
    struct str store = p->config.store_path.len ? p->config.store_path : STR(".refit/store");
    if (str_starts(store, STR("~/")) && getenv("HOME") != NULL)
        store = str_format(&p->arena, "%s" STR_FMT, getenv("HOME"), STR_ARG(str_slice(store, 1, store.len)));
    p->store_directory = options->store != NULL ? str_from(options->store) : str_dup(&p->arena, store);
    store_read_epoch(p->store_directory.ptr, p->store_epoch);
    return STATUS_OK;
}

/* ---- state and store ---- */

/* The workspace's own folder among the user's, for what `.refit` cannot keep, since LMDB cannot use its file system.
 * False where that is not so, or there is none. */
static bool find_other_place(struct project *p, struct str *out)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct str folder = STR("");
    if (base != NULL && base[0] == '/')
        folder = str_from(base);
    else if (home != NULL)
        folder = str_format(&p->arena, "%s/.local/state", home);
    if (folder.len == 0 || !state_needs_other_place(".refit"))
        return false;
    *out = str_format(&p->arena, STR_FMT "/refit/" STR_FMT, STR_ARG(folder), STR_ARG(workspace_id(&p->arena, p->root)));
    return true;
}

/* On a file system that LMDB cannot use, the state goes to the user's own folder. */
enum status project_open_state(struct project *p, struct error *err)
{
    struct error why;
    struct str elsewhere;
    enum status status = state_open(".refit/state", !p->writer, &p->state, &why);
    if (status == STATUS_OK)
        return status;
    if (!find_other_place(p, &elsewhere)) {
        *err = why;
        return status;
    }
    return state_open(elsewhere.ptr, !p->writer, &p->state, err);
}

/* It goes where the state goes. */
enum status project_open_history(struct project *p, bool read_only, struct history **out, struct error *err)
{
    struct error why;
    struct str elsewhere;
    enum status status = history_open(".refit/history", read_only, out, &why);
    if (status == STATUS_OK)
        return status;
    if (!find_other_place(p, &elsewhere)) {
        *err = why;
        return status;
    }
    return history_open(str_format(&p->arena, STR_FMT "/history", STR_ARG(elsewhere)).ptr, read_only, out, err);
}

enum status project_open_store(struct project *p, struct error *err)
{
    if (p->store != NULL)
        return STATUS_OK;
    if (p->writer && p->config.store_path.len == 0) { /* a bare project has no workspace yet */
        enum status prepared = workspace_prepare(err);
        if (prepared != STATUS_OK)
            return prepared;
    }
    struct store_options options = {.read_only = !p->writer, .compression = p->config.compression};
    struct error why;
    enum status status = store_open(p->store_directory.ptr, &options, &p->store, &why);
    if (status == STATUS_NOT_FOUND && !p->writer)
        return STATUS_OK;
    if (status == STATUS_OK && p->store_epoch[0] == '\0')
        store_read_epoch(p->store_directory.ptr, p->store_epoch);
    if (status != STATUS_OK)
        *err = why;
    return status;
}

static struct project *project_new(const struct project_options *options)
{
    struct project *p = mem_alloc(sizeof *p);
    arena_init(&p->arena);
    p->writer = options->writer;
    p->command = str_dup(&p->arena, options->command);
    p->copy = options->copy;
    p->reader = (struct manifest_reader){.read = read_for_manifest, .convert = convert_params, .ctx = p};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    p->opened_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return p;
}

enum status project_hold(struct project *p, bool wait, struct error *err)
{
    struct workspace_lock *lock = arena_new(&p->arena, struct workspace_lock);
    enum status status = workspace_prepare(err);
    if (status == STATUS_OK)
        status = workspace_lock(p, wait, lock, err);
    if (status == STATUS_OK)
        p->workspace = lock;
    return status;
}

/* What a killed run left has to be looked at before anything is called fresh. */
static bool may_stand(const struct project *p, const struct project_options *options)
{
    return options->lazy && p->dialect == MANIFEST_REFIT &&
           (p->workspace == NULL || (!p->workspace->stale && p->workspace->ended.len == 0));
}

enum status project_open(const struct project_options *options, struct project **out, struct error *err)
{
    struct project *p = project_new(options);
    enum status status = enter_root(p, options, true, err);
    if (status == STATUS_OK)
        status = load_config(p, options, err);
    if (status == STATUS_OK && p->writer)
        status = project_hold(p, options->wait, err);
    if (status == STATUS_OK)
        status = project_open_state(p, err);
    if (status == STATUS_OK)
        status = fingerprint_create(p->state, &p->reader, &p->fp, err);
    if (status == STATUS_OK && may_stand(p, options))
        status = standing_holds(p, &p->standing_count, &p->stands, err);
    if (status == STATUS_OK && !p->stands)
        status = load_manifest(p, err);
    if (status != STATUS_OK) {
        project_close(p);
        return status;
    }
    *out = p;
    return STATUS_OK;
}

enum status project_open_bare(const struct project_options *options, struct project **out, struct error *err)
{
    struct project *p = project_new(options);
    enum status status = enter_root(p, options, false, err);
    if (status == STATUS_OK)
        status = load_config(p, options, err);
    if (status != STATUS_OK) {
        project_close(p);
        return status;
    }
    *out = p;
    return STATUS_OK;
}

void project_close(struct project *p)
{
    if (p == NULL)
        return;
    judge_destroy(p->judge);
    fingerprint_destroy(p->fp);
    ignore_destroy(p->dvc_ignore);
    state_close(p->state);
    store_close(p->store);
    workspace_unlock(p->workspace);
    graph_finish(&p->graph);
    arena_finish(&p->arena);
    free(p);
}
