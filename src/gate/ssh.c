/* Signing and verifying, by ssh-keygen(1) -Y. */
#include "gate/gate.h"

#include <string.h>

#include "refit/base/interrupt.h"
#include "refit/execute.h"

/* ---- verifying ---- */

enum status gate_checker_open(struct arena *arena, const struct gate_signers *signers, struct gate_checker *out,
                              struct error *err)
{
    struct buf text = {0};
    *out = (struct gate_checker){.arena = arena};
    for (uint32_t i = 0; i < signers->count; i++) {
        const struct gate_signer *signer = &signers->items[i];
        buf_print(&text, STR_FMT " ", STR_ARG(signer->principal));
        if (signer->options.len > 0)
            buf_print(&text, STR_FMT " ", STR_ARG(signer->options));
        buf_print(&text, STR_FMT " " STR_FMT "\n", STR_ARG(signer->type), STR_ARG(signer->key));
    }
    enum status status = gate_scratch_open(&out->scratch, err);
    if (status == STATUS_OK)
        status = gate_scratch_write(&out->scratch, arena, "signers", buf_view(&text), &out->signers, err);
    buf_finish(&text);
    return status;
}

void gate_checker_close(struct gate_checker *checker)
{
    gate_scratch_close(&checker->scratch);
}

static enum status run(const char *const *arguments, struct str input, struct buf *output, struct buf *complaint,
                       int *code, struct error *err)
{
    enum status status = helper_run(arguments, input, output, complaint, code, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_IO, "signatures need ssh-keygen, which is not there; install openssh-client");
    return status;
}

static struct str first_line(struct arena *arena, const struct buf *text)
{
    struct str view = buf_view(text);
    ptrdiff_t end = str_find(view, '\n');
    return str_dup(arena, str_trim(end >= 0 ? str_slice(view, 0, (size_t)end) : view));
}

/* "2026-11-26T08:00:00Z" as the option that takes it. */
static const char *time_option(struct arena *arena, int64_t at_ms)
{
    struct buf option = {0};
    struct str text = gate_time_text(arena, at_ms);
    buf_str(&option, STR("-Overify-time="));
    for (size_t i = 0; i < text.len; i++)
        if (strchr("-:T", text.ptr[i]) == NULL)
            buf_char(&option, text.ptr[i]);
    const char *made = str_dup(arena, buf_view(&option)).ptr;
    buf_finish(&option);
    return made;
}

/* What follows " key " at the end of "Good ... signature for WHO with ED25519 key SHA256:...". */
static struct str printed_fingerprint(struct arena *arena, const struct buf *output)
{
    struct str line = first_line(arena, output), mark = STR(" key ");
    for (size_t at = line.len; at-- > 0;)
        if (str_starts(str_slice(line, at, line.len), mark))
            return str_slice(line, at + mark.len, line.len);
    return STR("");
}

static bool mentions(const struct buf *complaint, const char *words)
{
    return complaint->len > 0 && strstr(complaint->ptr, words) != NULL;
}

/* ssh-keygen says on stderr why a line that has the key does not count. */
static enum gate_signature refusal(const struct buf *complaint)
{
    if (mentions(complaint, "key has expired") || mentions(complaint, "key is not yet valid"))
        return GATE_SIGNATURE_EXPIRED;
    return mentions(complaint, "No principal matched") ? GATE_SIGNATURE_FOREIGN : GATE_SIGNATURE_BAD;
}

static enum status find_principal(struct gate_checker *checker, const char *signature, const char *when,
                                  enum gate_signature *result, struct str *principal, struct error *err)
{
    struct buf output = {0}, complaint = {0};
    int code = -1;
    const char *const words[] = {"ssh-keygen", "-Y", "find-principals", "-f", checker->signers, "-s", signature, when,
                                 NULL};
    enum status status = run(words, STR(""), &output, &complaint, &code, err);
    if (status == STATUS_OK) {
        *result = code == 0 ? GATE_SIGNATURE_GOOD : refusal(&complaint);
        *principal = first_line(checker->arena, &output);
        if (code == 0 && principal->len == 0)
            *result = GATE_SIGNATURE_FOREIGN;
    }
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

enum status gate_checker_check(struct gate_checker *checker, const char *name_space, struct str bytes,
                               struct str signature, int64_t at_ms, enum gate_signature *result, struct str *principal,
                               struct str *fingerprint, struct error *err)
{
    struct buf output = {0}, complaint = {0};
    const char *file, *when = at_ms != 0 ? time_option(checker->arena, at_ms) : NULL;
    int code = -1;
    *fingerprint = *principal = STR("");
    enum status status = gate_scratch_write(&checker->scratch, checker->arena, "signature", signature, &file, err);
    if (status == STATUS_OK)
        status = find_principal(checker, file, when, result, principal, err);
    if (status != STATUS_OK || *result != GATE_SIGNATURE_GOOD)
        return status;
    const char *const words[] = {"ssh-keygen", "-Y", "verify", "-f", checker->signers, "-I", principal->ptr,
                                 "-n", name_space, "-s", file, when, NULL};
    status = run(words, bytes, &output, &complaint, &code, err);
    if (status == STATUS_OK && code == 0)
        *fingerprint = printed_fingerprint(checker->arena, &output);
    if (status == STATUS_OK && fingerprint->len == 0) {
        *result = refusal(&complaint) == GATE_SIGNATURE_EXPIRED ? GATE_SIGNATURE_EXPIRED : GATE_SIGNATURE_BAD;
        *principal = STR("");
    }
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

/* ---- signing ---- */

static enum status failed(struct arena *arena, const char *key, const struct buf *complaint, struct error *err)
{
    struct str why = str_printable(arena, first_line(arena, complaint));
    return error_set(err, STATUS_NOT_FOUND, "ssh-keygen cannot use the key %s: " STR_FMT "; name another with --key",
                     key, STR_ARG(why.len > 0 ? why : STR("it gave no reason")));
}

enum status gate_key_fingerprint(struct arena *arena, const char *key, struct str *fingerprint, struct error *err)
{
    struct buf output = {0}, complaint = {0};
    int code = -1;
    const char *const words[] = {"ssh-keygen", "-l", "-E", "sha256", "-f", key, NULL};
    enum status status = run(words, STR(""), &output, &complaint, &code, err);
    if (status == STATUS_OK) { /* "256 SHA256:... comment (ED25519)" */
        struct str line = first_line(arena, &output);
        ptrdiff_t blank = str_find(line, ' ');
        line = blank >= 0 ? str_slice(line, (size_t)blank + 1, line.len) : STR("");
        blank = str_find(line, ' ');
        *fingerprint = blank >= 0 ? str_slice(line, 0, (size_t)blank) : line;
        if (code != 0 || !str_starts(*fingerprint, STR("SHA256:")))
            status = failed(arena, key, &complaint, err);
    }
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

enum status gate_ssh_sign(struct arena *arena, const char *key, struct str bytes, struct str *signature,
                          struct error *err)
{
    struct buf output = {0}, complaint = {0};
    int code = -1;
    const char *const words[] = {"ssh-keygen", "-Y", "sign", "-n", GATE_NAMESPACE, "-f", key, NULL};
    enum status status = run(words, bytes, &output, &complaint, &code, err);
    if (status == STATUS_OK && (code != 0 || output.len == 0)) {
        const char *said = strstr(complaint.len > 0 ? complaint.ptr : "", "standard input\n");
        struct buf rest = {0}; /* the first line only says that it signs standard input */
        if (said != NULL)
            buf_str(&rest, str_from(said + sizeof "standard input\n" - 1));
        status = failed(arena, key, rest.len > 0 ? &rest : &complaint, err);
        buf_finish(&rest);
    }
    if (status == STATUS_OK)
        *signature = str_dup(arena, buf_view(&output));
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}
