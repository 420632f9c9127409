/* Shared by the files of this module. */
#ifndef GATE_PRIVATE_H
#define GATE_PRIVATE_H

#include "refit/base/table.h"
#include "refit/gate.h"

/* ---- small things (names.c) ---- */

bool gate_names_have(const struct gate_names *names, struct str name);
bool gate_same_principal(struct str a, struct str b); /* ASCII letters without regard to case */
bool gate_is_hex(struct str text, size_t len);        /* lower case */
bool gate_is_name(struct str text);                   /* of a gate: a file name that is no trick */

/* SHA-256 of bytes, in the arena. */
enum status gate_sha256(struct arena *arena, struct str bytes, struct str *hex, struct error *err);

/* "2026-11-26T08:00:00Z", whole seconds, and back. */
struct str gate_time_text(struct arena *arena, int64_t at_ms);
bool gate_time_parse(struct str text, int64_t *at_ms);

/* ---- a folder for what ssh-keygen and git need as files (scratch.c) ---- */

struct gate_scratch {
    char path[512]; /* "" = none */
};

enum status gate_scratch_open(struct gate_scratch *scratch, struct error *err);
void gate_scratch_close(struct gate_scratch *scratch); /* removes it */
/* Writes a file in it; *path is in the arena. */
enum status gate_scratch_write(struct gate_scratch *scratch, struct arena *arena, const char *name, struct str bytes,
                               const char **path, struct error *err);

/* ---- ssh-keygen (ssh.c) ---- */

enum gate_signature { GATE_SIGNATURE_GOOD, GATE_SIGNATURE_FOREIGN, GATE_SIGNATURE_EXPIRED, GATE_SIGNATURE_BAD };

struct gate_checker {
    struct arena *arena;
    struct gate_scratch scratch;
    const char *signers; /* its file */
};

/* To be closed also after failure. */
enum status gate_checker_open(struct arena *arena, const struct gate_signers *signers, struct gate_checker *out,
                              struct error *err);
void gate_checker_close(struct gate_checker *checker);

/* Who signed `bytes`? `at_ms` is the time at which the key must be valid; 0 = now. In the arena of the checker. */
enum status gate_checker_check(struct gate_checker *checker, const char *name_space, struct str bytes,
                               struct str signature, int64_t at_ms, enum gate_signature *result, struct str *principal,
                               struct str *fingerprint, struct error *err);

enum status gate_key_fingerprint(struct arena *arena, const char *key, struct str *fingerprint, struct error *err);
enum status gate_ssh_sign(struct arena *arena, const char *key, struct str bytes, struct str *signature,
                          struct error *err);

/* ---- the protected branch (branch.c) ---- */

/* The files of that branch at `paths` (files or folders in the repository), fetched with git. */
enum status gate_branch_read(struct arena *arena, struct str url, struct str ref, const char *const *paths,
                             uint32_t path_count, struct gate_file **files, uint32_t *count, struct error *err);

/* ---- authors (authors.c) ---- */

struct gate_authors {
    struct gate_names people; /* e-mails of authors and committers, principals of who signed commits */
    bool known;      /* false: `why` says what is missing */
    struct str why;
    struct str unsigned_commit; /* what is not vouched for by an allowed signer's signature, in words; "" = nothing */
};

enum status gate_authors_read(struct arena *arena, const struct gate_signers *signers, struct str since,
                              struct gate_authors *out, struct error *err);

/* ---- the rule (rule.c) ---- */

struct gate_strict_rule {
    struct gate_rule rule;
    struct str also_group; /* that people must be in, too; "" = none */
};

enum status gate_rule_make_strict(const struct gate_rule *rule, const struct gate_question *question,
                                  struct gate_strict_rule *out, struct error *err);

/* ---- the verdict of a question (bind.c) ---- */

enum status gate_verdict_read(struct arena *arena, const struct gate_question *question, struct gate_verdict *out,
                              struct error *err);

/* ---- the folder (folder.c) ---- */

/* The statements in the folder of approvals here (GATE/NAME.json), relative to the root, sorted. A link is no file. */
enum status gate_folder_list(struct arena *arena, struct gate_names *out, struct error *err);
enum status gate_folder_read(struct arena *arena, struct str path, bool *found, struct str *bytes, struct error *err);

/* The ids of genuine statements that no other names as a parent, of all gates. Sorted. */
void gate_entries_heads(struct arena *arena, const struct gate_entries *entries, struct gate_names *out);
bool gate_entries_have(const struct gate_entries *entries, struct str id); /* a genuine one of the folder */

/* The ids in a file of heads: one a line. False if it is something else. */
bool gate_heads_parse(struct arena *arena, struct str text, struct gate_names *out);

#endif
