/* The list of allowed signers, less what would let one person count as two. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct arena *arena;
    const char *file;
    uint32_t line;
    struct gate_signer *items; /* malloc'd */
    uint32_t count, cap;
};

#define REFUSE(r, err, ...) error_at((err), STATUS_MANIFEST, (r)->file, (r)->line, 1, __VA_ARGS__)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, which it is cut from; blanks within quotes do not end it. */
static struct str take_word(struct str *line)
{
    size_t from = 0, to;
    bool quoted = false;
    while (from < line->len && is_blank(line->ptr[from]))
        from++;
    for (to = from; to < line->len && (quoted || !is_blank(line->ptr[to])); to++)
        quoted ^= line->ptr[to] == '"';
    struct str word = str_slice(*line, from, to);
    *line = str_slice(*line, to, line->len);
    return word;
}

static bool is_key_type(struct str word)
{
    static const struct str types[] = {{"ssh-ed25519", 11},         {"ssh-rsa", 7},
                                       {"ecdsa-sha2-nistp256", 19}, {"ecdsa-sha2-nistp384", 19},
                                       {"ecdsa-sha2-nistp521", 19}, {"sk-ssh-ed25519@openssh.com", 26},
                                       {"sk-ecdsa-sha2-nistp256@openssh.com", 34}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_equal(word, types[i]))
            return true;
    return false;
}

static bool is_base64(struct str word)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\0' || strchr(letters, word.ptr[i]) == NULL)
            return false;
    return word.len > 0;
}

static enum status check_principal(struct reading *r, struct str word, struct error *err)
{
    if (str_find(word, '*') >= 0 || str_find(word, '?') >= 0 || str_find(word, '!') >= 0)
        return REFUSE(r, err, "`" STR_FMT "` is a pattern, with which one key would stand for several people; write a "
                      "line for each person", STR_ARG(word));
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        if (c == ',')
            return REFUSE(r, err, "`" STR_FMT "` gives one key to several people; write a line for each, with a key of "
                          "their own", STR_ARG(word));
        if (c < 0x21 || c > 0x7e || c == '"' || c == '#')
            return REFUSE(r, err, "the principal must be an e-mail address, without quotes");
    }
    return STATUS_OK;
}

/* NAME="VALUE",...: those that narrow what a key is good for, and no other. */
static enum status check_options(struct reading *r, struct str options, struct error *err)
{
    static const struct str known[] = {
        {"namespaces=\"", 12}, {"valid-after=\"", 13}, {"valid-before=\"", 14}};
    struct str rest = options;
    while (rest.len > 0) {
        size_t skip = 0;
        for (size_t i = 0; i < sizeof known / sizeof *known && skip == 0; i++)
            if (str_starts(rest, known[i]))
                skip = known[i].len;
        if (skip == 0 && rest.len >= 14 && gate_same_principal(str_slice(rest, 0, 14), STR("cert-authority")))
            return REFUSE(r, err, "a certificate authority could make a key for anybody; list each person's own key");
        ptrdiff_t end = skip ? str_find(str_slice(rest, skip, rest.len), '"') : -1;
        if (end < 0)
            return REFUSE(r, err, "`" STR_FMT "` is no key type and no option that is known here (namespaces, "
                          "valid-after, valid-before, each as NAME=\"VALUE\")", STR_ARG(options));
        rest = str_slice(rest, skip + (size_t)end + 1, rest.len);
        if (rest.len > 0 && (rest.ptr[0] != ',' || rest.len == 1))
            return REFUSE(r, err, "between options there must be a comma");
        rest = str_slice(rest, rest.len > 0, rest.len);
    }
    return STATUS_OK;
}

static enum status check_other_lines(struct reading *r, const struct gate_signer *signer, struct error *err)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (str_equal(r->items[i].key, signer->key) && !gate_same_principal(r->items[i].principal, signer->principal))
            return REFUSE(r, err, "the key of `" STR_FMT "` is that of `" STR_FMT "` in line %u; one key stands for "
                          "one person", STR_ARG(signer->principal), STR_ARG(r->items[i].principal), r->items[i].line);
    return STATUS_OK;
}

static enum status read_line(struct reading *r, struct str line, struct error *err)
{
    struct gate_signer signer = {.principal = take_word(&line), .line = r->line};
    if (signer.principal.len == 0 || signer.principal.ptr[0] == '#')
        return STATUS_OK;
    enum status status = check_principal(r, signer.principal, err);
    if (status != STATUS_OK)
        return status;
    signer.options = STR("");
    signer.type = take_word(&line);
    if (str_find(signer.type, '@') >= 0 && strstr(str_terminated(r->arena, signer.type), "-cert-v") != NULL)
        return REFUSE(r, err, "a certificate is no key; list the person's own key");
    if (!is_key_type(signer.type)) {
        signer.options = signer.type;
        status = check_options(r, signer.options, err);
        signer.type = take_word(&line);
    }
    signer.key = take_word(&line);
    if (status == STATUS_OK && (!is_key_type(signer.type) || !is_base64(signer.key)))
        return REFUSE(r, err, "a line is PRINCIPAL [OPTIONS] KEY-TYPE KEY, as in ssh-keygen(1) under ALLOWED SIGNERS");
    if (status == STATUS_OK)
        status = check_other_lines(r, &signer, err);
    if (status != STATUS_OK)
        return status;
    MEM_GROW(r->items, r->count, r->cap);
    r->items[r->count++] = signer;
    return STATUS_OK;
}

enum status gate_signers_parse(struct arena *arena, struct str text, struct str file, struct gate_signers *out,
                               struct error *err)
{
    struct str rest = str_dup(arena, text);
    struct reading r = {.arena = arena, .file = str_terminated(arena, file)};
    enum status status = STATUS_OK;
    while (rest.len > 0 && status == STATUS_OK) {
        ptrdiff_t end = str_find(rest, '\n');
        size_t len = end >= 0 ? (size_t)end : rest.len;
        r.line++;
        status = read_line(&r, str_slice(rest, 0, len), err);
        rest = str_slice(rest, len + (end >= 0), rest.len);
    }
    *out = (struct gate_signers){.count = r.count};
    out->items = arena_copy(arena, r.items, mem_product(r.count, sizeof *r.items));
    free(r.items);
    return status;
}
