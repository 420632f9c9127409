/* Who made what is to be approved: they cannot be the ones to approve it. */
#include "gate/gate.h"

#include <stdlib.h>

#include "refit/base/path.h"
#include "refit/vcs.h"

static void add(struct gate_authors *authors, uint32_t *cap, struct str name)
{
    if (name.len == 0 || gate_names_have(&authors->people, name))
        return;
    MEM_GROW(authors->people.items, authors->people.count, *cap);
    authors->people.items[authors->people.count++] = name;
}

/* What a commit says of its author is worth what its signature is. */
static enum status check_commit(struct gate_checker *checker, const struct vcs_authorship *commit,
                                struct gate_authors *out, uint32_t *cap, struct error *err)
{
    enum gate_signature result = GATE_SIGNATURE_BAD;
    struct str principal = STR(""), fingerprint;
    enum status status = STATUS_OK;
    if (str_starts(commit->signature, STR("-----BEGIN SSH SIGNATURE-----")))
        status = gate_checker_check(checker, "git", commit->content, commit->signature, 0, &result, &principal,
                                    &fingerprint, err);
    if (status != STATUS_OK)
        return status;
    add(out, cap, commit->author);
    add(out, cap, commit->committer);
    if (result == GATE_SIGNATURE_GOOD)
        add(out, cap, principal);
    else if (out->unsigned_commit.len == 0)
        out->unsigned_commit = str_format(checker->arena, "commit " STR_FMT " is not signed by an allowed signer",
                                          STR_ARG(str_slice(commit->id, 0, 12)));
    return STATUS_OK;
}

/* approvals/heads and approvals/GATE/0123456789abcdef.json or .sig. */
static bool is_approval(struct str file)
{
    struct str name = path_name(file);
    size_t digits = name.len - (str_ends(name, STR(".json")) ? 5 : str_ends(name, STR(".sig")) ? 4 : 0);
    return str_is(file, GATE_HEADS) || (str_is(path_parent(path_parent(file)), GATE_FOLDER) && digits < name.len &&
                                        digits == 16 && gate_is_hex(str_slice(name, 0, 16), 16));
}

/* Armor with base64 in it, and nothing else. */
static bool is_signature(struct str text)
{
    struct str begin = STR("-----BEGIN SSH SIGNATURE-----\n"), end = STR("-----END SSH SIGNATURE-----\n");
    if (!str_starts(text, begin) || !str_ends(text, end) || text.len < begin.len + end.len)
        return false;
    text = str_slice(text, begin.len, text.len - end.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
              c == '=' || c == '\n'))
            return false;
    }
    return true;
}

/* To commit an approval makes nobody an author; to commit what only has the name of one, and could be code, does. */
static bool is_no_work(void *ctx, struct str file, const struct str *bytes)
{
    struct arena *arena = ctx;
    struct arena_mark mark = arena_get_mark(arena);
    struct gate_statement statement;
    struct gate_names heads;
    struct error ignored;
    bool none = is_approval(file);
    if (none && bytes != NULL)
        none = str_is(file, GATE_HEADS)       ? gate_heads_parse(arena, *bytes, &heads)
               : str_ends(file, STR(".sig")) ? is_signature(*bytes)
                                              : gate_statement_parse(arena, *bytes, file, &statement, &ignored) ==
                                                    STATUS_OK;
    arena_rewind(arena, mark);
    return none;
}

/* What a run writes is no work of an author, either. */
static bool is_ours(void *ctx, struct str file)
{
    (void)ctx;
    return str_is(file, "refit.lock") || is_approval(file);
}

static enum status check_tree(struct arena *arena, struct gate_authors *out, struct error *err)
{
    struct vcs_head head;
    enum status status = vcs_read_head(arena, ".", is_ours, NULL, &head, err);
    if (status == STATUS_OK && head.dirty && out->unsigned_commit.len == 0)
        out->unsigned_commit = STR("there are changes that are not committed");
    return status;
}

static enum status check_commits(struct arena *arena, const struct gate_signers *signers,
                                 const struct vcs_authorships *commits, struct gate_authors *out, struct error *err)
{
    struct gate_checker checker;
    struct gate_authors found = {.known = true, .why = STR(""), .unsigned_commit = STR("")};
    uint32_t cap = 0;
    enum status status = gate_checker_open(arena, signers, &checker, err);
    for (uint32_t i = 0; i < commits->count && status == STATUS_OK; i++)
        status = check_commit(&checker, &commits->items[i], &found, &cap, err);
    gate_checker_close(&checker);
    if (status == STATUS_OK)
        status = check_tree(arena, &found, err);
    struct str *people = found.people.items; /* malloc'd */
    found.people.items = arena_copy(arena, people, mem_product(found.people.count, sizeof *people));
    free(people);
    *out = found;
    return status;
}

enum status gate_authors_read(struct arena *arena, const struct gate_signers *signers, struct str since,
                              struct gate_authors *out, struct error *err)
{
    struct vcs_authorships commits;
    *out = (struct gate_authors){.known = false, .why = STR(""), .unsigned_commit = STR("")};
    enum status status = vcs_read_authorships(arena, ".", since, is_no_work, arena, &commits, err);
    if (status != STATUS_OK)
        return status;
    if (!commits.repository)
        out->why = STR("this is no git repository with a commit, so its authors are not known");
    else if (commits.shallow)
        out->why = STR("this clone is shallow, so not all authors are known; `git fetch --unshallow` gets the rest");
    else
        status = check_commits(arena, signers, &commits, out, err);
    return status;
}
