/* What the commands about approvals have in common. */
#ifndef REFIT_CLI_GATES_H
#define REFIT_CLI_GATES_H

#include "cli/cli.h"
#include "refit/gate.h"

struct gates {
    struct project *project; /* bare */
    struct project *whole;   /* with its graph; NULL until one is asked how its evaluation differs from the branch's */
    struct gate_trust trust;
    const struct value *declared; /* `gates` of the manifest; NULL = none */
    struct lock lock;       /* for the keys of the gates' stages */
};

/* Everything is in in->arena. With `pinned`, STATUS_MANIFEST if the configuration pins no policy. To be closed also
 * after failure. */
enum status gates_open(struct invocation *in, bool pinned, struct gates *out, struct error *err);
void gates_close(struct gates *gates);

/* The question whether that gate lets through what is there now. STATUS_USAGE, with a suggestion, if it is not
 * declared. */
enum status gates_question(struct invocation *in, struct gates *gates, struct str gate, struct str environment,
                           struct gate_question *out, struct error *err);

#endif
