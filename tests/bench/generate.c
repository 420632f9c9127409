/*
 * How long a manifest that generates its stages takes to load, against libyaml alone on the same stages written out.
 *
 *     generate foreach|matrix STAGES ROUNDS       a line a round: CPU seconds of ours, of libyaml
 *
 * libyaml makes events of the text and nothing more. Ours makes stages, with everything checked; files are in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

#include "refit/manifest.h"

static const char stage_text[] =
    "    cmd: python3 src/train.py --data data/${%s}.csv --rate ${%s} --depth ${model.depth}\n"
    "      --out models/${key}.json\n"
    "    deps:\n"
    "    - src/train.py\n"
    "    - data/${%s}.csv\n"
    "    params:\n"
    "    - model.depth\n"
    "    outs:\n"
    "    - models/${key}.json\n"
    "    metrics:\n"
    "    - reports/${key}.json:\n"
    "        cache: false\n";

static void fail(const char *what)
{
    fprintf(stderr, "generate: %s\n", what);
    exit(1);
}

/* ---- what is loaded ---- */

static struct buf parameters, manifest;

static void append_stage(const char *name, const char *rate, const char *indent)
{
    struct buf lines = {0};
    buf_print(&lines, stage_text, name, rate, name);
    for (char *line = strtok(lines.ptr, "\n"); line != NULL; line = strtok(NULL, "\n"))
        buf_print(&manifest, "%s%s\n", indent, line);
    buf_finish(&lines);
}

static void write_foreach(unsigned count)
{
    buf_print(&parameters, "model: {depth: 3}\nregions:\n");
    for (unsigned i = 0; i < count; i++)
        buf_print(&parameters, "  region%u:\n    name: part-%u\n    rate: 0.%u\n", i, i, i + 1);
    buf_print(&manifest, "stages:\n  train:\n    foreach: ${regions}\n    do:\n");
    append_stage("item.name", "item.rate", "  ");
}

/* As many as there are combinations: `count` is a multiple of 50. */
static void write_matrix(unsigned count)
{
    buf_print(&parameters, "model: {depth: 3}\n");
    buf_print(&manifest, "stages:\n  train:\n    matrix:\n      name: [");
    for (unsigned i = 0; i < count / 50; i++)
        buf_print(&manifest, "%spart-%u", i > 0 ? ", " : "", i);
    buf_print(&manifest, "]\n      rate: [");
    for (unsigned i = 0; i < 50; i++)
        buf_print(&manifest, "%s%u.5", i > 0 ? ", " : "", i);
    buf_print(&manifest, "]\n");
    append_stage("item.name", "item.rate", "");
}

static enum status read_parameters(void *ctx, struct arena *arena, struct str path, struct str *text, struct error *err)
{
    (void)ctx;
    (void)err;
    if (!str_is(path, "params.yaml"))
        return STATUS_NOT_FOUND;
    *text = str_dup(arena, buf_view(&parameters));
    return STATUS_OK;
}

static void load(struct arena *arena, struct manifest *out)
{
    struct error err;
    struct manifest_source source = {STR("dvc.yaml"), buf_view(&manifest), MANIFEST_DVC};
    struct manifest_reader reader = {.read = read_parameters};
    if (manifest_load(arena, &source, 1, STR("/project"), &reader, out, &err) != STATUS_OK)
        fail(err.message);
}

/* ---- the same, written out ---- */

static void write_out(const struct manifest *loaded, struct buf *out)
{
    buf_str(out, STR("stages:\n"));
    for (uint32_t i = 0; i < loaded->stage_count; i++) {
        const struct manifest_stage *s = &loaded->stages[i];
        buf_print(out, "  " STR_FMT ":\n    cmd: " STR_FMT "\n    deps:\n", STR_ARG(s->name), STR_ARG(s->commands[0]));
        for (uint32_t k = 0; k < s->dep_count; k++)
            buf_print(out, "    - " STR_FMT "\n", STR_ARG(s->deps[k].path));
        buf_print(out, "    params:\n    - " STR_FMT "\n    outs:\n    - " STR_FMT "\n    metrics:\n    - " STR_FMT
                       ":\n        cache: false\n",
                  STR_ARG(s->params[0].keys[0].key), STR_ARG(s->outs[0].path), STR_ARG(s->outs[1].path));
    }
}

static void parse(struct str text)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool done = false;
    if (!yaml_parser_initialize(&parser))
        fail("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    while (!done) {
        if (!yaml_parser_parse(&parser, &event))
            fail("libyaml cannot parse what was written out");
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

/* The stages written out must load as the same stages. */
static void check_same(const struct manifest *generated, struct str text)
{
    struct arena arena;
    struct error err;
    struct manifest written;
    struct buf one = {0}, other = {0};
    struct manifest_source source = {STR("dvc.yaml"), text, MANIFEST_DVC};
    arena_init(&arena);
    if (manifest_load(&arena, &source, 1, STR("/project"), NULL, &written, &err) != STATUS_OK)
        fail(err.message);
    if (written.stage_count != generated->stage_count)
        fail("not as many stages");
    write_out(&written, &one);
    write_out(generated, &other);
    if (!str_equal(buf_view(&one), buf_view(&other)))
        fail("the stages differ");
    buf_finish(&one);
    buf_finish(&other);
    arena_finish(&arena);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    unsigned count = argc == 4 ? (unsigned)atoi(argv[2]) : 0, rounds = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    if (count == 0 || count % 50 != 0 || rounds == 0)
        fail("usage: generate foreach|matrix STAGES ROUNDS (a multiple of 50 stages)");
    if (strcmp(argv[1], "foreach") == 0)
        write_foreach(count);
    else
        write_matrix(count);
    struct arena arena;
    struct manifest loaded;
    struct buf text = {0};
    arena_init(&arena);
    load(&arena, &loaded);
    if (loaded.stage_count != count)
        fail("not the stages that were asked for");
    write_out(&loaded, &text);
    check_same(&loaded, buf_view(&text));
    arena_finish(&arena);
    for (unsigned i = 0; i < rounds + 1; i++) {
        double start = cpu_seconds();
        load(&arena, &loaded);
        arena_finish(&arena);
        double middle = cpu_seconds();
        parse(buf_view(&text));
        if (i > 0)
            printf("%.9f %.9f\n", middle - start, cpu_seconds() - middle);
    }
    buf_finish(&text);
    buf_finish(&parameters);
    buf_finish(&manifest);
    return 0;
}
