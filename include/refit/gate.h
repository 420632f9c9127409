/*
 * Approvals: who has let a model through a gate, and whether that counts for what is there now.
 *
 * An approval is an in-toto Statement about a model (its SHA-256), signed with an SSH key by ssh-keygen and kept as two
 * files that git can hold, `approvals/GATE/NAME.json` and `NAME.sig`; NAME is the first 16 hexadecimal digits of the
 * statement's SHA-256. It is bound to everything that it was given for (struct gate_binding); when any of that changes
 * it is void. Whose word counts is said by a policy and by a list of allowed signers, which come from a place that the
 * machine's configuration pins, outside the checkout: whoever can write the checkout could write both.
 *
 * Statements name those that were there before them (`parents`), so that they are the audit log at the same time.
 * `approvals/heads` lists the last ones; the copy of that file on the protected branch is the pin of the log.
 *
 *   gate_trust_open      the pin → policy, signers, what the protected branch has
 *   gate_verdict_parse   checks/GATE.json
 *   gate_bind            verdict, definition and files → the digests that an approval is bound to, as they are now
 *   gate_statements_read approvals of the folder → statements, each with its state
 *   gate_judge           all of that → pass, approved, needs approval, rejected, fail
 *   gate_sign            a new statement
 *   gate_audit           is the log whole?
 *
 * Runs ssh-keygen, and git where the policy or the protected branch is at a URL; never anything of the project.
 * Blocking. Paths are relative to the working directory, the root of the project. All results are in the arena given.
 */
#ifndef REFIT_GATE_H
#define REFIT_GATE_H

#include "refit/base/sha256.h"
#include "refit/manifest.h"

#define GATE_NAMESPACE "refit-approval" /* of signatures */
#define GATE_FOLDER "approvals"
#define GATE_HEADS GATE_FOLDER "/heads"
#define GATE_FILE_BYTES_MAX (16u << 20)

/* ---- the policy ----
 *
 *   repository: corp/digits           # the name that approvals carry: those for another repository do not count
 *   protected: {url: ssh://git@example.org/digits, ref: refs/heads/main}     # or none
 *   groups:
 *     ml-leads: [ana@example.org, bo@example.org]
 *   gates:
 *     release: {group: ml-leads, need: 2, not_author: true, expires: 14d}
 *   environments:
 *     production: {gates: [release], since: 3f1c...}
 *
 * `need` (1) is the number of people, `not_author` (true) leaves out who wrote what is approved, `expires` (none) is
 * the longest time that an approval lasts. `since` is the full id of the commit that is in the environment: authors are
 * those of the commits after it, without it those of all commits. `protected` is the branch where rejections
 * and the heads of the log are looked for, too; `none` says in so many words that whoever can write a checkout may take
 * a rejection away, and without it the policy must itself come from a branch at a URL, which is then the one.
 */
struct gate_rule {
    struct str gate, group;
    uint32_t need; /* at least 1 */
    bool not_author;
    int64_t expires_ms; /* 0 = no limit */
};

struct gate_names {
    struct str *items;
    uint32_t count;
};

struct gate_group {
    struct str name;
    struct gate_names members; /* principals */
};

struct gate_environment {
    struct str name;
    struct gate_names gates; /* that what is deployed there must have passed */
    struct str since;        /* 40 or 64 hexadecimal digits, or "" */
};

struct gate_policy {
    struct str repository;
    bool protection_given; /* false: `protected` is not there, which will do where the policy itself is at a URL */
    struct str url, ref;   /* of the protected branch; "" = `protected: none`, or not given */
    struct gate_group *groups;
    uint32_t group_count;
    struct gate_rule *rules;
    uint32_t rule_count;
    struct gate_environment *environments;
    uint32_t environment_count;
};

/* STATUS_MANIFEST, with the place, if it is malformed, names a group that is not there, or needs more people than a
 * group has. */
enum status gate_policy_parse(struct arena *arena, struct str text, struct str file, struct gate_policy *out,
                              struct error *err);
const struct gate_rule *gate_policy_rule(const struct gate_policy *policy, struct str gate); /* NULL if there is none */
const struct gate_environment *gate_policy_environment(const struct gate_policy *policy, struct str name);

/* ---- allowed signers: the format of ssh-keygen(1), less what would let one person count as two ----
 *
 * Each line is one principal (an e-mail address, compared without regard to case), options and a key. Patterns, lists
 * of principals, certificate authorities and certificates are refused, and so is a key under two principals.
 */
struct gate_signer {
    struct str principal;
    struct str options; /* as in the file: namespaces, valid-after, valid-before */
    struct str type, key;
    uint32_t line;
};

struct gate_signers {
    struct gate_signer *items;
    uint32_t count;
};

enum status gate_signers_parse(struct arena *arena, struct str text, struct str file, struct gate_signers *out,
                               struct error *err);

/* ---- trust: policy, signers and the protected branch, by way of the pin ---- */

/* A file of the protected branch, below the folder of approvals. */
struct gate_file {
    struct str path; /* relative to the root of the project */
    struct str bytes;
};

struct gate_trust {
    bool pinned;           /* false: the configuration has no policy, and what follows is empty */
    struct gate_policy policy;
    struct gate_signers signers;
    bool protected_known;  /* the policy names a protected branch, and these are its files: */
    struct gate_file *files;
    uint32_t file_count;
    /* Its refit.lock, the evaluation there, and its .refitignore, for `altered` below; "" = it has none. */
    struct str lock, ignore;
};

/*
 * The pin is in the settings `approvals.*` of ~/.config/refit/config.yaml or .refit/config.yaml:
 *
 *   policy, signers                  an absolute path outside the checkout, or with `url` a path in that repository
 *   policy_sha256, signers_sha256    what the file must have; then it may be anywhere
 *   url, ref                         of a repository of git and its branch, fetched with git
 *
 * STATUS_MANIFEST if the pin or what it names cannot be relied on: a file in the checkout without its SHA-256, one with
 * another SHA-256, a .refit that git tracks, a fault in policy or signers. STATUS_IO if the protected branch cannot be
 * fetched: nothing is judged without it. `root` is the absolute path of the project.
 */
enum status gate_trust_open(struct arena *arena, const struct config *config, struct str root, struct gate_trust *out,
                            struct error *err);

/* ---- verdicts ---- */

enum gate_verdict_outcome { GATE_VERDICT_PASS, GATE_VERDICT_WARN, GATE_VERDICT_FAIL, GATE_VERDICT_NEEDS_APPROVAL };

struct gate_input {
    struct str path, sha256;
    struct str role; /* as in the verdict, or "" */
};

struct gate_verdict {
    struct str name;
    enum gate_verdict_outcome outcome;
    struct str policy_sha256; /* of the gate's definition */
    struct gate_input *inputs;  /* sorted by path */
    uint32_t input_count;
    struct gate_names findings; /* gate_finding() of the results that did not pass */
    struct str sha256; /* of the file */
};

/* A result of a verdict in words: "accuracy of country=DE: 0.8, baseline ...". The messages of data say themselves what
 * they are about. "" if it has no message. */
struct str gate_finding(struct arena *arena, const struct value *result);

/* STATUS_MANIFEST if it is no verdict of format 1. */
enum status gate_verdict_parse(struct arena *arena, struct str text, struct str file, struct gate_verdict *out,
                               struct error *err);

/* ---- what an approval is bound to ---- */

/* Digests are SHA-256 in hexadecimal digits. */
struct gate_binding {
    struct str gate, repository, environment; /* environment may be "" */
    struct str stage_key; /* of the gate's stage, in hexadecimal digits; "" = it was judged by hand */
    struct str model, model_sha256; /* its path; of a folder, see sha256_path() */
    struct str test_set;  /* of the canonical JSON {PATH: SHA-256} of all inputs that are neither model nor baseline */
    struct str report;    /* of the verdict file */
    struct str policy;    /* of the gate's definition, as the verdict has it */
    struct str baseline;  /* as test_set, of the inputs that belong to the baseline */
};

struct gate_question {
    struct str gate;
    struct str verdict_file;        /* its path */
    const struct value *definition; /* `gates.GATE` of the manifest */
    struct str stage_key, environment;
    /* Commits after this one have the authors who may not approve. From a trusted place (the deployment record), never
     * from the manifest. "" = as the policy says for the environment, else all commits. */
    struct str since;
    /* Why the evaluation is not the one of the protected branch (other code, test data, gate or rules), in words: a
     * pass then needs approval, since it may be a pass of a test that its author wrote. "" = it is the same. */
    struct str altered;
};

/* The verdict and the binding as of now; reads the model and every input whole. STATUS_MANIFEST if the verdict is about
 * other bytes than are there, is of another gate, or the definition names no model. */
enum status gate_bind(struct arena *arena, const struct gate_question *question, const struct gate_trust *trust,
                      struct gate_verdict *verdict, struct gate_binding *out, struct error *err);

/* ---- statements ---- */

enum gate_decision { GATE_APPROVE, GATE_REJECT };

struct gate_statement {
    enum gate_decision decision;
    struct gate_binding binding;
    struct str reason;
    struct str signer;       /* fingerprint of the key, as ssh-keygen prints it */
    int64_t signed_at_ms;    /* whole seconds */
    int64_t expires_at_ms;   /* 0 = never (rejections) */
    struct gate_names parents; /* SHA-256 of the statements that were the last ones, sorted */
};

/* The form that is signed: JSON, keys sorted, no white space, times as 2026-11-26T08:00:00Z. Only this form is read:
 * STATUS_MANIFEST for any other bytes, even those that mean the same. */
void gate_statement_print(const struct gate_statement *statement, struct buf *out);
enum status gate_statement_parse(struct arena *arena, struct str text, struct str file, struct gate_statement *out,
                                 struct error *err);

enum gate_state {
    GATE_VALID,       /* an approval that is for what is there now, by somebody who may give it */
    GATE_VOID,        /* something that it is bound to has changed: `why` names it */
    GATE_EXPIRED,
    GATE_REJECTION,   /* a rejection that holds: for this model, whatever else has changed */
    GATE_NOT_COUNTED, /* not signed by an allowed signer, not in the group, an author, ...: `why` */
};
const char *gate_state_name(enum gate_state state); /* "valid", "void", "expired", "rejected", "not counted" */

struct gate_entry {
    struct str file;      /* of the statement; those of the protected branch alone are marked: */
    bool protected_only;
    struct str id;        /* SHA-256 of the statement's bytes; "" if it cannot be read */
    struct gate_statement statement; /* zero if `parsed` is false */
    bool parsed;
    bool genuine; /* under its name, and signed by an allowed signer at the time that it states */
    uint32_t depth; /* in the log: more than that of any entry before it */
    struct str principal, fingerprint; /* of whose signature it has; "" = nobody's */
    enum gate_state state;
    struct str why; /* one line; "" for GATE_VALID */
};

struct gate_entries {
    struct gate_entry *items; /* sorted by gate, then by the time of signing */
    uint32_t count;
};

/* The statements of the folder and of the protected branch: of one gate, or all if `gate` is "". Each has its
 * signature verified; none is judged yet: a good one is GATE_VALID or GATE_REJECTION. */
enum status gate_statements_read(struct arena *arena, const struct gate_trust *trust, struct str gate,
                                 struct gate_entries *out, struct error *err);

/* Put them in the order of the log: each after those before it, else by time. */
void gate_entries_sort(struct gate_entries *entries);

/* ---- judging ---- */

enum gate_outcome { GATE_PASS, GATE_APPROVED, GATE_NEEDS_APPROVAL, GATE_REJECTED, GATE_FAIL };
const char *gate_outcome_name(enum gate_outcome outcome); /* "pass", "approved", "needs approval", ... */

struct gate_judgement {
    enum gate_outcome outcome;
    struct str message;  /* one line: what is missing, who rejected it and why, ...; "" for GATE_PASS */
    uint32_t have, need; /* people */
    struct gate_entries entries; /* of this gate, judged */
};

/*
 * May what depends on the gate go on?
 *
 * fail            the verdict says so: no approval helps
 * rejected        somebody of the gate's group has rejected this model
 * approved        at least `need` people approved what is there now, each with a key of their own
 * pass            the verdict says pass (or warn), and question->altered is ""
 * needs approval  otherwise
 *
 * The rule is the policy's; `approval:` in the definition can ask for more people or less time, never for less. Where
 * commits that count for not_author are not signed by an allowed signer, one more person is needed. Without a pin a
 * pass is a pass, and nothing can be approved. Safe on any thread with an arena of its own. The files are read again
 * each time, so that a judgement just before a deploy sees what is there then.
 */
enum status gate_judge(struct arena *arena, const struct gate_question *question, const struct gate_trust *trust,
                       int64_t now_ms, struct gate_judgement *out, struct error *err);

/* ---- signing ---- */

/*
 * Fills in signer and parents, has ssh-keygen sign with `key` (a private key, or a public one whose private half the
 * agent has), and writes signature, statement and `approvals/heads`, each whole or not at all. ssh-keygen may ask for a
 * passphrase on the terminal. *file is the statement's path. STATUS_NOT_FOUND if the key cannot be used or is nobody's
 * of the allowed signers: then nothing is written.
 */
enum status gate_sign(struct arena *arena, const struct gate_trust *trust, const char *key,
                      struct gate_statement *statement, struct str *file, struct error *err);

/* ---- the audit log ---- */

struct gate_audit {
    bool whole;
    uint32_t entries; /* that were verified */
    struct str fault; /* the first broken or missing entry, and what is wrong with it; "" if whole */
    struct gate_names unpinned; /* files of entries that no head of the protected branch reaches yet */
};

/* Every entry signed by an allowed signer, at the time that it states; all parents there; all heads there, those of the
 * folder and those that the protected branch pins; every file of the protected branch here, the same. */
enum status gate_audit(struct arena *arena, const struct gate_trust *trust, struct gate_audit *out, struct error *err);

#endif
