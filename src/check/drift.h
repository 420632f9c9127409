/* Drift: the columns of the data beside those of a reference, by effect and by significance. */
#ifndef CHECK_DRIFT_H
#define CHECK_DRIFT_H

#include "check/data.h"
#include "check/profile.h"

enum drift_method { DRIFT_PSI, DRIFT_KS, DRIFT_CHI2, DRIFT_JS, DRIFT_LINF, DRIFT_WASSERSTEIN,
                    DRIFT_METHODS };

struct drift {
    enum drift_method method;
    double threshold, alpha; /* the effect; the level of all columns together */
    struct column_profile *profiles; /* of the reference */
    uint32_t profile_count;
    struct column_summary *summaries; /* of the expectation's columns; malloc'd */
    struct arena words; /* the categories' */
};

/* What is compared with: of a profile if its name ends in .json, else of a data file. It is an input of the verdict. */
struct reference {
    struct column_profile *profiles;
    uint32_t count;
    uint64_t rows;
};
enum status reference_read(struct pass *pass, struct str file, struct reference *out, struct error *err);

bool drift_method_parse(struct str name, enum drift_method *out);
double drift_threshold(enum drift_method method); /* unless another one is given */

/* Reads the reference (a profile if its name ends in .json, else data); without columns all of the reference are
   compared that have numbers or categories. */
enum status drift_begin(struct pass *pass, struct expectation *e, struct error *err);
void drift_rows(const struct lane *lane, struct expectation *e);
/* A result for each column. */
enum status drift_conclude(struct pass *pass, struct expectation *e, struct error *err);
void drift_destroy(struct expectation *e);

#endif
