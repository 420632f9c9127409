/* Reading what a definition of expectations has: each fault is one line with its place, STATUS_MANIFEST. */
#ifndef CHECK_DATA_RULE_H
#define CHECK_DATA_RULE_H

#include "check/data.h"

#define REFUSE_AT(spec, v, err, ...) error_at((err), STATUS_MANIFEST, (spec)->file, (v)->line, (v)->column, __VA_ARGS__)

/* "there is no rule `betwen`; did you mean `between`?" */
enum status rule_refuse_unknown(const struct data_spec *spec, const struct value_pair *pair, const char *what,
                                const struct str *known, uint32_t count, struct error *err);
enum status rule_want_type(const struct data_spec *spec, const struct value *v, const char *name, const char *wanted,
                           struct error *err);

/* A value of that kind, called `name`. */
enum status rule_read_text(const struct data_spec *spec, const struct value *v, const char *name, struct str *out,
                           struct error *err);
enum status rule_read_bool(const struct data_spec *spec, const struct value *v, const char *name, bool *out,
                           struct error *err);
enum status rule_read_severity(const struct data_spec *spec, const struct value *v, bool *warns, struct error *err);

#endif
