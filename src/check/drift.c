/* Drift of columns: both samples in the reference's bins, a measure of the effect, a p-value, Holm over the columns. */
#include "check/drift.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/statistics.h"

static const char *const method_names[DRIFT_METHODS] = {"psi", "ks", "chi2", "js", "linf", "wasserstein"};

bool drift_method_parse(struct str name, enum drift_method *out)
{
    for (int i = 0; i < DRIFT_METHODS; i++)
        if (str_is(name, method_names[i])) {
            *out = (enum drift_method)i;
            return true;
        }
    return false;
}

double drift_threshold(enum drift_method method)
{
    return method == DRIFT_KS ? 0.2 : 0.1;
}

/* ---- both sides ---- */

static const struct column_profile *find_profile(const struct drift *d, struct str name)
{
    for (uint32_t i = 0; i < d->profile_count; i++)
        if (str_equal(d->profiles[i].name, name))
            return &d->profiles[i];
    return NULL;
}

enum status reference_read(struct pass *pass, struct str file, struct reference *out, struct error *err)
{
    struct data_spec *spec = pass->spec;
    const char *path = str_terminated(spec->arena, file);
    struct data_input input = {.path = file};
    uint64_t bad = 0;
    enum status status;
    *out = (struct reference){.count = 0};
    if (str_ends(file, STR(".json"))) {
        status = profile_read(spec->arena, path, &out->profiles, &out->count, &out->rows, err);
        if (status == STATUS_OK)
            status = sha256_file(path, input.sha256, NULL, err);
        struct stat stats;
        if (status == STATUS_OK && stat(path, &stats) < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
        if (status == STATUS_OK)
            input.bytes = (uint64_t)stats.st_size;
    } else {
        struct table_options options = spec->options;
        options.format = TABLE_AUTO;
        status = profile_of_file(spec->arena, path, &options, &out->profiles, &out->count, &out->rows, &bad,
                                 input.sha256, &input.bytes, err);
    }
    if (status == STATUS_OK && bad > 0)
        status = error_set(err, STATUS_FAILED, "%s has %" PRIu64 " rows that cannot be read; check it by itself first",
                           path, bad);
    if (status == STATUS_OK)
        data_put_input(pass->verdict, &input);
    return status;
}

enum status drift_begin(struct pass *pass, struct expectation *e, struct error *err)
{
    struct drift *d = e->drift;
    struct reference reference;
    enum status status = reference_read(pass, e->other_file, &reference, err);
    if (status != STATUS_OK)
        return data_say_where(pass->spec, e, status, err);
    d->profiles = reference.profiles;
    d->profile_count = reference.count;
    if (e->column_count == 0) {
        e->columns = arena_array(pass->spec->arena, struct str, d->profile_count);
        for (uint32_t i = 0; i < d->profile_count; i++) /* text has no distribution */
            if (d->profiles[i].number || d->profiles[i].bins > 0 || d->profiles[i].n == 0)
                e->columns[e->column_count++] = d->profiles[i].name;
    }
    for (uint32_t i = 0; i < e->column_count; i++)
        if (find_profile(d, e->columns[i]) == NULL)
            return error_at(err, STATUS_MANIFEST, pass->spec->file, e->at->line, e->at->column,
                            "the reference " STR_FMT " has no column `" STR_FMT "`",
                            STR_ARG(str_printable(pass->spec->arena, e->other_file)),
                            STR_ARG(str_printable(pass->spec->arena, e->columns[i])));
    arena_init(&d->words);
    d->summaries = mem_alloc((e->column_count + 1) * sizeof *d->summaries);
    return STATUS_OK;
}

void drift_rows(const struct lane *lane, struct expectation *e)
{
    for (uint32_t i = 0; i < e->column_count; i++) {
        const struct cell *cells = lane->batch->columns[e->wanted[i]];
        for (uint32_t row = 0; row < lane->batch->rows && e->there[i]; row++)
            if (lane->chosen[row])
                summary_add(&e->drift->words, &e->drift->summaries[i], &cells[row]);
    }
}

void drift_destroy(struct expectation *e)
{
    struct drift *d = e->drift;
    if (d == NULL)
        return;
    for (uint32_t i = 0; d->summaries != NULL && i < e->column_count; i++)
        summary_finish(&d->summaries[i]);
    if (d->summaries != NULL)
        arena_finish(&d->words);
    free(d->summaries);
}

/* ---- one column ---- */

struct comparison_of_columns {
    uint64_t *a, *b; /* the reference's and the current counts */
    uint32_t bins;
    uint64_t n, m, strange;
    bool sparse; /* too few rows for bins that a distribution in closed form holds for */
};

/* A tenth of the reference in each bin, as near as its percentiles allow. What is below all of it stays apart: it joins
 * its neighbour only if it is rare. */
static void make_tenths(struct comparison_of_columns *c)
{
    uint64_t total = bins_total(c->a, c->bins), seen = 0;
    uint32_t first = c->bins > 0 && c->a[0] == 0, kept = first, tenth = 1;
    uint64_t a = 0, b = 0;
    for (uint32_t i = first; i < c->bins; i++) {
        a += c->a[i];
        b += c->b[i];
        seen += c->a[i];
        if (seen * 10 >= total * tenth || i + 1 == c->bins) {
            c->a[kept] = a;
            c->b[kept++] = b;
            a = b = 0;
            while (tenth < 10 && seen * 10 >= total * tenth)
                tenth++;
        }
    }
    c->bins = kept;
}

static void drop_empty(struct comparison_of_columns *c)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->bins; i++)
        if (c->a[i] + c->b[i] > 0) {
            c->a[kept] = c->a[i];
            c->b[kept++] = c->b[i];
        }
    c->bins = kept;
}

/* Where only one bin would be left to compare, all stay, and chance is told by permutation. */
static void join_rare(struct comparison_of_columns *c, bool ordered, struct arena *arena)
{
    size_t size = c->bins * sizeof *c->a;
    uint64_t *a = arena_copy(arena, c->a, size), *b = arena_copy(arena, c->b, size);
    uint32_t joined = ordered ? bins_merge(a, b, c->bins, BINS_EXPECTED, NULL)
                              : bins_pool(a, b, c->bins, BINS_EXPECTED, NULL, arena);
    c->sparse = joined < 2 && c->bins > 1;
    if (c->sparse)
        return;
    memcpy(c->a, a, joined * sizeof *a);
    memcpy(c->b, b, joined * sizeof *b);
    c->bins = joined;
}

static void add_bin(struct comparison_of_columns *c, uint64_t a, uint64_t b)
{
    if (a + b == 0)
        return;
    c->a[c->bins] = a;
    c->b[c->bins++] = b;
}

static void gather(struct pass *pass, const struct column_profile *p, const struct column_summary *s, bool fine,
                   struct comparison_of_columns *c)
{
    struct arena *arena = pass->spec->arena;
    *c = (struct comparison_of_columns){.bins = p->bins, .n = p->n, .m = s->n};
    c->a = arena_array(arena, uint64_t, p->bins + 3);
    c->b = arena_array(arena, uint64_t, p->bins + 3);
    if (p->bins > 0)
        memcpy(c->a, p->counts, p->bins * sizeof *c->a);
    profile_count(p, s, c->b, &c->strange);
    if (fine)
        return;
    if (p->number)
        make_tenths(c);
    drop_empty(c);
    join_rare(c, p->number, arena);
    add_bin(c, p->nulls, s->nulls);
    if (p->number)
        add_bin(c, p->nans, s->nans);
}

static double distance_of_steps(const struct comparison_of_columns *c)
{
    double n = (double)bins_total(c->a, c->bins), m = (double)bins_total(c->b, c->bins), most = 0;
    uint64_t a = 0, b = 0;
    for (uint32_t i = 0; i < c->bins; i++) {
        a += c->a[i];
        b += c->b[i];
        double distance = fabs((double)a / n - (double)b / m);
        most = distance > most ? distance : most;
    }
    return most;
}

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The measure by permutation: the effect, and how often chance alone is as far apart. */
static enum status permute(struct pass *pass, const struct expectation *e, uint32_t column, struct bins bins,
                           bins_measure measure, double parameter, struct test *out, struct error *err)
{
    const struct drift *d = e->drift;
    const char *hex = pass->verdict->policy_sha256;
    uint8_t seed[RANDOM_SEED];
    struct random random;
    for (int i = 0; i < RANDOM_SEED; i++)
        seed[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    random_init(&random, seed, column);
    uint32_t draws = bootstrap_draws(e->column_count, d->alpha);
    return bins_permutation(bins, measure, parameter, draws, &random, pass->spec->arena, out, err);
}

static double psi_measure(struct bins bins, double unused)
{
    (void)unused;
    return psi_value(bins);
}

/* The square root of chi2 by row (of a table of two rows): Cohen's w. */
static double chi2_measure(struct bins bins, double unused)
{
    double n = (double)bins_total(bins.a, bins.count), m = (double)bins_total(bins.b, bins.count), sum = 0;
    (void)unused;
    for (uint32_t i = 0; i < bins.count; i++) {
        double apart = (double)bins.a[i] * m - (double)bins.b[i] * n;
        sum += bins.a[i] + bins.b[i] > 0 ? apart * apart / (double)(bins.a[i] + bins.b[i]) : 0;
    }
    return n > 0 && m > 0 ? sqrt(sum / (n * m * (n + m))) : (double)NAN;
}

static enum status measure(struct pass *pass, const struct expectation *e, uint32_t column,
                           const struct column_profile *reference, double *effect, double *p,
                           struct comparison_of_columns *c, struct error *err)
{
    const struct drift *d = e->drift;
    struct bins bins = {c->a, c->b, c->bins, NULL};
    struct test test = {0};
    enum status status = STATUS_OK;
    switch (d->method) {
    case DRIFT_PSI:
        if (c->sparse)
            status = permute(pass, e, column, bins, psi_measure, 0, &test, err);
        else
            test = psi_test(bins);
        *effect = psi_value(bins);
        break;
    case DRIFT_KS:
        *effect = distance_of_steps(c);
        test = ks_test(*effect, c->n, c->m, pass->spec->arena);
        break;
    case DRIFT_CHI2:
        if (c->sparse)
            status = permute(pass, e, column, bins, chi2_measure, 0, &test, err);
        else
            test = chi2_bins(bins, pass->spec->arena);
        *effect = chi2_measure(bins, 0);
        break;
    case DRIFT_JS:
        status = permute(pass, e, column, bins, js_distance, 0, &test, err);
        *effect = test.statistic;
        break;
    case DRIFT_WASSERSTEIN:
        bins.edges = reference->edges;
        status = permute(pass, e, column, bins, wasserstein_bins, reference->stdev, &test, err);
        *effect = test.statistic;
        break;
    default:
        status = permute(pass, e, column, bins, linf_measure, 0, &test, err);
        *effect = test.statistic;
        break;
    }
    *p = test.p;
    return status;
}

/* ---- all of them ---- */

struct column_drift {
    double effect, p;
    uint64_t strange;
    bool nothing;      /* there is no value */
    const char *fault; /* why it cannot be measured, or why that is a finding by itself */
};

static enum status look_at(struct pass *pass, const struct expectation *e, uint32_t i, struct column_drift *out,
                           struct error *err)
{
    const struct drift *d = e->drift;
    const struct column_profile *p = find_profile(d, e->columns[i]);
    const struct column_summary *s = &d->summaries[i];
    bool fine = d->method == DRIFT_KS || d->method == DRIFT_WASSERSTEIN;
    struct comparison_of_columns c;
    *out = (struct column_drift){.effect = (double)NAN, .p = (double)NAN};
    if (!e->there[i])
        out->fault = "there is no such column";
    else if (p->number && s->text)
        out->fault = "it has values that are no numbers, unlike the reference";
    else if (!p->number && p->bins == 0 && p->n > 0)
        out->fault = "the reference has too many different values to compare";
    else if (!p->number && s->many)
        out->fault = "it has too many different values, unlike the reference";
    else if (d->method == DRIFT_KS && !p->number)
        out->fault = "`ks` compares numbers; use `psi` or `chi2` for categories";
    else if (d->method == DRIFT_WASSERSTEIN && !p->number)
        out->fault = "`wasserstein` compares numbers; use `psi` or `chi2` for categories";
    else if (fine && s->nans > 0 && p->nans == 0)
        out->fault = "it has NaN, unlike the reference, which no distance between numbers tells";
    else if (d->method == DRIFT_WASSERSTEIN && isnan(p->stdev))
        out->fault = "the reference has no standard deviation; if it is a profile, make it again";
    out->nothing = s->n == 0 && (fine || s->nulls + s->nans == 0);
    if (out->fault != NULL || out->nothing)
        return STATUS_OK;
    gather(pass, p, s, fine, &c);
    out->strange = c.strange;
    if (d->method == DRIFT_WASSERSTEIN && !(p->stdev > 0)) { /* nothing to measure a distance by */
        out->fault = distance_of_steps(&c) > 0 ? "it has other values than the one of the reference" : NULL;
        return STATUS_OK;
    }
    return measure(pass, e, i, p, &out->effect, &out->p, &c, err);
}

static void put_result(struct pass *pass, struct expectation *e, uint32_t i, const struct column_drift *c,
                       double adjusted)
{
    struct arena *arena = pass->spec->arena;
    struct data_result *r = data_new_result(pass, e);
    const char *method = method_names[e->drift->method];
    bool moved = c->effect > e->drift->threshold && adjusted < e->drift->alpha;
    r->column = e->columns[i];
    r->n = e->drift->summaries[i].n + e->drift->summaries[i].nans;
    r->nulls = e->drift->summaries[i].nulls;
    r->failing = c->strange;
    r->observed = c->effect;
    if (c->fault != NULL) {
        r->outcome = DATA_FAIL;
        r->message = str_from(c->fault);
    } else if (c->nothing) {
        r->outcome = e->allow_empty ? DATA_PASS : DATA_NOT_EVALUATED;
        r->message = STR("there is no value to judge by");
    } else if (isnan(c->p) && c->strange == 0) { /* one bin */
        r->outcome = DATA_PASS;
        r->message = STR("one value alone, as in the reference: no drift");
    } else if (c->strange > 0) {
        r->outcome = DATA_FAIL;
        r->message = str_format(arena, "%" PRIu64 " values of categories that the reference never had; %s %.6g, "
                                "p %.3g after Holm", c->strange, method, c->effect, adjusted);
    } else {
        r->outcome = moved ? DATA_FAIL : DATA_PASS;
        r->message = str_format(arena, "%s %.6g (threshold %.6g), p %.3g after Holm: %s", method, c->effect,
                                e->drift->threshold, adjusted,
                                moved ? "it has drifted" : c->effect > e->drift->threshold
                                    ? "not significant" : "no drift");
    }
    r->message = str_format(arena, "drift of `" STR_FMT "`: " STR_FMT, STR_ARG(str_printable(arena, r->column)),
                            STR_ARG(r->message));
    data_count_result(pass->verdict, r);
}

enum status drift_conclude(struct pass *pass, struct expectation *e, struct error *err)
{
    struct arena *arena = pass->spec->arena;
    if (e->column_count == 0) {
        struct data_result *r = data_new_result(pass, e);
        r->outcome = e->allow_empty ? DATA_PASS : DATA_NOT_EVALUATED;
        r->message = str_format(arena, "drift: the reference " STR_FMT " has no column that can be compared",
                                STR_ARG(str_printable(arena, e->other_file)));
        data_count_result(pass->verdict, r);
        return STATUS_OK;
    }
    struct column_drift *columns = arena_array(arena, struct column_drift, e->column_count);
    double *p = arena_array(arena, double, e->column_count), *adjusted = arena_array(arena, double, e->column_count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < e->column_count && status == STATUS_OK; i++) {
        status = look_at(pass, e, i, &columns[i], err);
        p[i] = columns[i].p;
    }
    if (status != STATUS_OK)
        return status;
    holm_adjust(p, e->column_count, adjusted, arena);
    for (uint32_t i = 0; i < e->column_count; i++)
        put_result(pass, e, i, &columns[i], adjusted[i]);
    return STATUS_OK;
}
