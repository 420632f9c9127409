/* A new statement: signed, and written where git can hold it. */
#include "gate/gate.h"

#include <stdlib.h>

#include "refit/base/fs.h"

static enum status write_file(struct arena *arena, struct str path, struct str bytes, struct error *err)
{
    const char *name = str_terminated(arena, path);
    return fs_write_atomic(name, str_format(arena, "%s.new", name).ptr, bytes, 0666, true, err);
}

/* What was signed must be what is judged later, also where the text came from elsewhere. */
static enum status check(struct arena *arena, const struct gate_statement *statement, struct str text,
                         struct error *err)
{
    struct gate_statement back;
    if (!str_is_utf8(statement->reason) || !str_is_utf8(statement->binding.environment))
        return error_set(err, STATUS_USAGE, "reason and environment must be UTF-8");
    return gate_statement_parse(arena, text, STR("the statement"), &back, err);
}

/* The heads that are named and not there: they stay, so that it shows that they are missing. */
static enum status read_missing(struct arena *arena, const struct gate_entries *entries, struct gate_names *out,
                                struct error *err)
{
    struct gate_names old;
    struct str text;
    bool found;
    enum status status = gate_folder_read(arena, STR(GATE_HEADS), &found, &text, err);
    if (status == STATUS_OK && !gate_heads_parse(arena, text, &old))
        status = error_set(err, STATUS_MANIFEST, GATE_HEADS " has lines that are no SHA-256; `git log` has an "
                           "older one");
    if (status != STATUS_OK)
        return status;
    *out = (struct gate_names){arena_array(arena, struct str, old.count), 0};
    for (uint32_t i = 0; i < old.count; i++)
        if (!gate_entries_have(entries, old.items[i]))
            out->items[out->count++] = old.items[i];
    return STATUS_OK;
}

/* With the new one as the last of all that are there. */
static enum status write_heads(struct arena *arena, const struct gate_names *missing, struct str id, struct error *err)
{
    struct buf lines = {0};
    for (uint32_t i = 0; i < missing->count; i++)
        if (!str_equal(missing->items[i], id))
            buf_print(&lines, STR_FMT "\n", STR_ARG(missing->items[i]));
    buf_print(&lines, STR_FMT "\n", STR_ARG(id));
    enum status status = write_file(arena, STR(GATE_HEADS), buf_view(&lines), err);
    buf_finish(&lines);
    return status;
}

static enum status sign(struct arena *arena, const struct gate_trust *trust, const char *key, struct str text,
                        struct str *signature, struct error *err)
{
    struct gate_checker checker;
    enum gate_signature result;
    struct str principal, fingerprint;
    enum status status = gate_ssh_sign(arena, key, text, signature, err);
    if (status != STATUS_OK)
        return status;
    status = gate_checker_open(arena, &trust->signers, &checker, err);
    if (status == STATUS_OK)
        status = gate_checker_check(&checker, GATE_NAMESPACE, text, *signature, 0, &result, &principal, &fingerprint,
                                    err);
    gate_checker_close(&checker);
    if (status == STATUS_OK && result != GATE_SIGNATURE_GOOD)
        return error_set(err, STATUS_NOT_FOUND, "the key %s is %s, so its word would not count; nothing was written",
                         key, result == GATE_SIGNATURE_EXPIRED ? "past its time in the list of allowed signers"
                                                          : "not in the list of allowed signers");
    return status;
}

/* A link that came with the checkout must not lead elsewhere. */
static enum status check_folder(const char *folder, struct error *err)
{
    struct stat st;
    bool found;
    enum status status = fs_lstat(folder, &st, &found, err);
    if (status == STATUS_OK && found && !S_ISDIR(st.st_mode))
        return error_set(err, STATUS_MANIFEST, "`%s` must be a folder, and no link to one", folder);
    return status;
}

static enum status write(struct arena *arena, struct str gate, struct str id, struct str text, struct str signature,
                         struct str *file, struct error *err)
{
    struct str base = str_format(arena, GATE_FOLDER "/" STR_FMT "/" STR_FMT, STR_ARG(gate),
                                 STR_ARG(str_slice(id, 0, 16)));
    *file = str_format(arena, STR_FMT ".json", STR_ARG(base));
    enum status status = check_folder(GATE_FOLDER, err);
    if (status == STATUS_OK)
        status = check_folder(str_format(arena, GATE_FOLDER "/" STR_FMT, STR_ARG(gate)).ptr, err);
    if (status == STATUS_OK)
        status = write_file(arena, str_format(arena, STR_FMT ".sig", STR_ARG(base)), signature, err);
    return status == STATUS_OK ? write_file(arena, *file, text, err) : status;
}

enum status gate_sign(struct arena *arena, const struct gate_trust *trust, const char *key,
                      struct gate_statement *statement, struct str *file, struct error *err)
{
    struct buf text = {0};
    struct gate_entries entries;
    struct gate_names missing;
    struct str signature, id;
    enum status status = gate_key_fingerprint(arena, key, &statement->signer, err);
    if (status == STATUS_OK)
        status = gate_statements_read(arena, trust, STR(""), &entries, err);
    if (status == STATUS_OK)
        status = read_missing(arena, &entries, &missing, err);
    if (status != STATUS_OK)
        return status;
    gate_entries_heads(arena, &entries, &statement->parents);
    gate_statement_print(statement, &text);
    status = check(arena, statement, buf_view(&text), err);
    if (status == STATUS_OK)
        status = sign(arena, trust, key, buf_view(&text), &signature, err);
    if (status == STATUS_OK)
        status = gate_sha256(arena, buf_view(&text), &id, err);
    if (status == STATUS_OK)
        status = write(arena, statement->binding.gate, id, buf_view(&text), signature, file, err);
    if (status == STATUS_OK)
        status = write_heads(arena, &missing, id, err);
    buf_finish(&text);
    return status;
}
