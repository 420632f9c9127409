/* What the commands that tell of past runs have in common. */
#include "cli/past.h"

#include <inttypes.h>

#include "refit/vcs.h"

enum { COMMIT_SHOWN = 9, CANDIDATES_SHOWN = 4, WORD_BYTES_MAX = 200 };

enum status past_open(struct invocation *in, bool writer, struct past *out, struct error *err)
{
    struct project_options options = {.directory = in->directory, .manifest = in->manifest, .writer = writer};
    *out = (struct past){0};
    enum status status = project_open_bare(&options, &out->project, err);
    return status == STATUS_OK ? past_read(in, out, err) : status;
}

enum status past_read(struct invocation *in, struct past *past, struct error *err)
{
    enum status status = project_open_history(past->project, true, &past->history, err);
    return status == STATUS_OK ? history_list(past->history, &in->arena, &past->runs, &past->count, err) : status;
}

enum status past_write(struct past *past, struct error *err)
{
    history_close(past->history);
    past->history = NULL;
    return project_open_history(past->project, false, &past->history, err);
}

void past_close(struct past *past)
{
    history_close(past->history);
    project_close(past->project);
}

/* ---- which run ---- */

/* `last`, `last-N`, `-N`: how many before the last one. */
static bool parse_back(struct str word, uint64_t *back)
{
    struct str rest = str_starts(word, STR("last")) ? str_slice(word, 4, word.len) : word;
    *back = 0;
    if (rest.len == 0)
        return word.len > 0;
    if (rest.ptr[0] != '-' || rest.len == 1 || rest.len > 10)
        return false;
    for (size_t i = 1; i < rest.len; i++) {
        if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
            return false;
        *back = *back * 10 + (uint64_t)(rest.ptr[i] - '0');
    }
    return true;
}

static enum status find_back(const struct past *past, uint64_t back, const struct history_run **out, struct error *err)
{
    if (back >= past->count)
        return error_set(err, STATUS_NOT_FOUND, "the history has %u run%s; `refit history` lists them", past->count,
                         past->count == 1 ? "" : "s");
    *out = &past->runs[past->count - 1 - back];
    return STATUS_OK;
}

/* The newest first, as `refit history` has them. */
static enum status ambiguous(const struct past *past, struct str word, struct error *err)
{
    struct buf names = {0};
    uint32_t count = 0;
    for (uint32_t i = past->count; i-- > 0;)
        if (str_starts(past->runs[i].id, word) && ++count <= CANDIDATES_SHOWN) {
            buf_str(&names, count == 1 ? STR("") : STR(", "));
            buf_str(&names, past->runs[i].id);
        }
    char more[32] = "";
    if (count > CANDIDATES_SHOWN)
        snprintf(more, sizeof more, " and %u more", count - CANDIDATES_SHOWN);
    struct str shown = buf_view(&names);
    enum status status = error_set(err, STATUS_USAGE, "`" STR_FMT "` could be %u runs: " STR_FMT "%s; write more of it",
                                   STR_ARG(word), count, STR_ARG(shown), more);
    buf_finish(&names);
    return status;
}

enum status past_find(const struct past *past, struct str word, const struct history_run **out, struct error *err)
{
    uint64_t back;
    const struct history_run *found = NULL;
    bool several = false;
    if (past->count == 0)
        return error_set(err, STATUS_NOT_FOUND, "no run is recorded here yet; one that does something is");
    if (word.len > WORD_BYTES_MAX)
        return error_set(err, STATUS_NOT_FOUND, "no run has a name of %zu bytes; `refit history` lists them", word.len);
    if (parse_back(word, &back))
        return find_back(past, back, out, err);
    for (uint32_t i = past->count; i-- > 0;) {
        const struct history_run *run = &past->runs[i];
        if (word.len == 0 || !str_starts(run->id, word))
            continue;
        several = found != NULL && !str_equal(run->id, word);
        found = run;
        if (str_equal(run->id, word))
            break;
    }
    if (several)
        return ambiguous(past, word, err);
    if (found == NULL)
        return error_set(err, STATUS_NOT_FOUND, "the history has no run `" STR_FMT "`; `refit history` lists them",
                         STR_ARG(word));
    *out = found;
    return STATUS_OK;
}

/* What a word may have been meant to be: runs, branches and tags. */
static const struct str *find_nearest(const struct past *past, struct arena *arena, struct str word)
{
    struct vcs_tips tips = {0};
    struct error ignored; /* then there are no branches to suggest */
    if (vcs_read_tips(arena, past->project->root.ptr, "refit.lock", &tips, &ignored) != STATUS_OK)
        tips.count = 0;
    struct str *names = arena_array(arena, struct str, (size_t)past->count + tips.count + 2);
    size_t count = 0;
    if (past->count > 0)
        names[count++] = STR("last");
    if (tips.count > 0)
        names[count++] = STR("HEAD");
    for (uint32_t i = 0; i < past->count; i++)
        names[count++] = past->runs[i].id;
    for (uint32_t i = 0; i < tips.count; i++)
        names[count++] = tips.tips[i].name;
    return str_nearest(word, names, count);
}

enum status past_find_or_revision(const struct past *past, struct arena *arena, struct str word,
                                  const struct history_run **out, struct error *err)
{
    struct vcs_commit commit;
    struct error no_run, no_revision;
    *out = NULL;
    if (word.len == 0)
        return error_set(err, STATUS_USAGE, "an empty word names no build; write a run, or a revision of git");
    enum status found = past_find(past, word, out, &no_run);
    if (found == STATUS_OK)
        return STATUS_OK;
    enum status status = vcs_find_commit(arena, past->project->root.ptr, str_terminated(arena, word), &commit,
                                         &no_revision);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status != STATUS_NOT_FOUND || found == STATUS_USAGE) {
        *err = status != STATUS_NOT_FOUND ? no_revision : no_run;
        return err->status;
    }
    const struct str *nearest = word.len > WORD_BYTES_MAX ? NULL : find_nearest(past, arena, word);
    struct str hint = nearest == NULL ? STR("")
                                      : str_format(arena, "; did you mean `" STR_FMT "`?", STR_ARG(*nearest));
    if (word.len > WORD_BYTES_MAX)
        word = str_format(arena, STR_FMT "...", STR_ARG(str_slice(word, 0, WORD_BYTES_MAX / 4)));
    return error_set(err, STATUS_NOT_FOUND, "`" STR_FMT "` is neither a run (%s) nor a revision (%s)" STR_FMT,
                     STR_ARG(word), no_run.message, no_revision.message, STR_ARG(hint));
}

/* ---- words ---- */

struct str past_counts(struct arena *arena, const struct history_run *run)
{
    static const enum stage_state shown[] = {STATE_RAN,     STATE_RESTORED, STATE_FAILED,
                                             STATE_BLOCKED, STATE_SKIPPED,  STATE_FRESH};
    struct str text = STR("");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        uint32_t count = run->counts[shown[i] - STATE_FRESH];
        if (count > 0)
            text = str_format(arena, STR_FMT "%s%u %s", STR_ARG(text), text.len > 0 ? ", " : "", count,
                              stage_state_name(shown[i]));
    }
    return text;
}

struct str past_commit(struct arena *arena, const struct history_run *run)
{
    struct str commit = str_slice(run->commit, 0, run->commit.len < COMMIT_SHOWN ? run->commit.len : COMMIT_SHOWN);
    return str_format(arena, STR_FMT "%s" STR_FMT "%s", STR_ARG(run->branch), run->branch.len > 0 ? " " : "",
                      STR_ARG(commit), run->dirty ? "+" : "");
}

struct str past_value(struct arena *arena, struct str canonical)
{
    struct value *value;
    struct error ignored; /* .nan and .inf, which JSON does not have */
    if (json_parse(arena, canonical, "value", &value, &ignored) == STATUS_OK && value->type == VALUE_STRING)
        return value->text;
    return canonical;
}

void past_json_value(struct json *j, struct arena *arena, struct str canonical)
{
    struct value *value;
    struct error ignored;
    if (json_parse(arena, canonical, "value", &value, &ignored) == STATUS_OK)
        json_value(j, value);
    else
        json_str(j, canonical);
}

static void put_git(struct json *j, const struct history_run *run)
{
    char hex[DIGEST_HEX + 1];
    json_key(j, "git");
    json_open_object(j);
    json_put_str(j, "commit", run->commit);
    json_put_str(j, "branch", run->branch);
    json_key(j, "dirty");
    json_bool(j, run->dirty);
    json_put_str(j, "diff", run->dirty ? str_from(digest_hex(run->diff, hex)) : STR(""));
    json_put_str(j, "fault", run->fault);
    json_close_object(j);
}

void past_json(struct json *j, const struct history_run *run)
{
    json_put_str(j, "run", run->id);
    json_key(j, "started_ms");
    json_int(j, run->started_ms);
    json_put_count(j, "duration_ms", run->duration_ms);
    json_put_str(j, "user", run->user);
    json_put_str(j, "host", run->host);
    json_put_str(j, "command", run->command);
    json_path(j, "folder", run->folder);
    json_put_str(j, "version", run->version);
    put_git(j, run);
    json_put_count(j, "exit_status", (uint64_t)run->exit_status);
    for (int i = 0; i < HISTORY_COUNTERS; i++)
        json_put_count(j, stage_state_name((enum stage_state)(STATE_FRESH + i)), run->counts[i]);
    json_put_count(j, "changed", run->builds);
    json_key(j, "pinned");
    json_bool(j, run->pinned);
}
