/* Expectations that need more than the table: how many rows there were before, and what a command says. */
#include <inttypes.h>
#include <math.h>

#include "check/data.h"
#include "check/drift.h"

enum status data_change(struct pass *pass, struct expectation *e, struct error *err)
{
    struct arena *arena = pass->spec->arena;
    struct reference reference;
    enum status status = reference_read(pass, e->other_file, &reference, err);
    if (status != STATUS_OK)
        return data_say_where(pass->spec, e, status, err);
    double now = (double)pass->rows, then = (double)reference.rows, change = fabs(now - then);
    struct data_result *r = data_new_result(pass, e);
    bool bounded = (!e->has_min || now >= e->min.number) && (!e->has_max || now <= e->max.number);
    r->observed = now;
    r->n = pass->rows;
    r->outcome = bounded && change <= e->max_change * then ? DATA_PASS : DATA_FAIL;
    double share = then > 0 ? change / then : now > 0 ? (double)INFINITY : 0;
    r->message = str_format(arena, "row_count of the table: %" PRIu64 " rows, and %" PRIu64 " in " STR_FMT
                            ": %s by %.6g%% (max_change %.6g%%)%s", pass->rows, reference.rows,
                            STR_ARG(str_printable(arena, e->other_file)), now >= then ? "more" : "fewer", 100 * share,
                            100 * e->max_change, bounded ? "" : ", and outside its bounds");
    data_count_result(pass->verdict, r);
    return STATUS_OK;
}

enum status data_command(struct pass *pass, struct expectation *e, struct error *err)
{
    struct arena *arena = pass->spec->arena;
    struct str said = STR("");
    int code = 0;
    if (pass->runner == NULL)
        return error_at(err, STATUS_MANIFEST, pass->spec->file, e->at->line, e->at->column,
                        "`command` cannot be executed here");
    enum status status = pass->runner->run(pass->runner->ctx, arena, e->command, pass->spec->data, &code, &said, err);
    if (status != STATUS_OK)
        return status;
    struct data_result *r = data_new_result(pass, e);
    r->observed = code;
    r->outcome = code == 0 ? DATA_PASS : DATA_FAIL;
    struct str how = code < 0 ? STR("ended by a signal") : str_format(arena, "exit status %d", code);
    r->message = str_format(arena, "command `" STR_FMT "`: " STR_FMT "%s" STR_FMT,
                            STR_ARG(str_printable(arena, e->command)), STR_ARG(how), said.len > 0 ? ": " : "",
                            STR_ARG(str_printable(arena, said)));
    data_count_result(pass->verdict, r);
    return STATUS_OK;
}
