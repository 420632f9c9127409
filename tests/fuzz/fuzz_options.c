/* Command lines: words, separated by NUL or the end of a line. Refused with words, or taken apart so that they can be
 * written in one canonical form which means the same. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

static void check(bool good)
{
    if (!good)
        abort();
}

struct words {
    struct arena arena;
    char *items[8 * WORDS_MAX];
    int count;
};

static void add(struct words *words, const char *format, const char *text)
{
    words->items[words->count++] = (char *)(uintptr_t)str_format(&words->arena, format, text).ptr;
    words->items[words->count] = NULL;
}

static void split(struct words *words, const uint8_t *data, size_t size)
{
    add(words, "%s", "refit");
    for (size_t at = 0; at < size && words->count < WORDS_MAX; at++) {
        size_t from = at;
        while (at < size && data[at] != '\0' && data[at] != '\n')
            at++;
        add(words, "%s", str_dup(&words->arena, (struct str){(const char *)data + from, at - from}).ptr);
    }
}

struct finding {
    int id;
    const struct option_spec *spec;
};

static void match(void *ctx, const struct option_spec *spec)
{
    struct finding *finding = ctx;
    if (spec->id == finding->id)
        finding->spec = spec;
}

static void add_value(struct words *words, const struct command *command, const struct option_value *value)
{
    struct finding finding = {value->id, NULL};
    command_each_option(command, match, &finding);
    const struct option_spec *spec = finding.spec;
    check(spec != NULL && (value->text == NULL || spec->argument != NULL));
    check(value->text != NULL || spec->argument == NULL || spec->argument[0] == '[');
    const char *word = str_format(&words->arena, "--%s%s", spec->name, value->text ? "=" : "").ptr;
    add(words, str_format(&words->arena, "%s%%s", word).ptr, value->text ? value->text : "");
}

static void write_out(struct words *words, const struct invocation *in)
{
    add(words, "%s", "refit");
    if (!in->implied)
        add(words, "%s", in->command->name);
    if (in->directory != NULL)
        add(words, "--directory=%s", in->directory);
    if (in->manifest != NULL)
        add(words, "--file=%s", in->manifest);
    for (unsigned i = 0; i < in->verbose; i++)
        add(words, "%s", "-v");
    const struct {
        bool given;
        const char *word;
    } flags[] = {{in->quiet, "-q"},
                 {in->json, "--json"},
                 {in->help, "--help"},
                 {in->version, "--version"},
                 {in->color == COLOR_ALWAYS, "--color=always"},
                 {in->color == COLOR_NEVER, "--color=never"}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].given)
            add(words, "%s", flags[i].word);
    for (uint32_t i = 0; i < in->value_count; i++)
        add_value(words, in->command, &in->values[i]);
    add(words, "%s", "--");
    for (uint32_t i = 0; i < in->argument_count; i++)
        add(words, "%s", in->arguments[i].ptr);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_same(const struct invocation *a, const struct invocation *b)
{
    check(a->command == b->command && a->implied == b->implied && a->verbose == b->verbose && a->quiet == b->quiet);
    check(a->json == b->json && a->help == b->help && a->version == b->version && a->color == b->color);
    check(same_text(a->directory, b->directory) && same_text(a->manifest, b->manifest));
    check(a->value_count == b->value_count && a->argument_count == b->argument_count);
    for (uint32_t i = 0; i < a->value_count; i++)
        check(a->values[i].id == b->values[i].id && same_text(a->values[i].text, b->values[i].text));
    for (uint32_t i = 0; i < a->argument_count; i++)
        check(str_equal(a->arguments[i], b->arguments[i]));
}

static void write_again(const struct invocation *in)
{
    static const struct words none;
    struct words *words = mem_alloc(sizeof *words);
    struct invocation again = {0};
    struct error err;
    *words = none;
    /* Clusters such as -vvvv may be longer than what there is room for here. */
    if (in->value_count + in->verbose + in->argument_count < 7 * WORDS_MAX) {
        write_out(words, in);
        check(invocation_parse(words->count, words->items, &again, &err) == STATUS_OK);
        check_same(in, &again);
    }
    arena_finish(&again.arena);
    arena_finish(&words->arena);
    free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words *words = mem_alloc(sizeof *words);
    struct invocation in = {0};
    struct error err = {0};
    split(words, data, size);
    enum status status = invocation_parse(words->count, words->items, &in, &err);
    check(status == STATUS_OK || (status == STATUS_USAGE && err.message[0] != '\0'));
    if (status == STATUS_OK) {
        check(in.help || in.version || (in.argument_count >= in.command->arguments_min &&
                                        in.argument_count <= in.command->arguments_max));
        write_again(&in);
    }
    arena_finish(&in.arena);
    arena_finish(&words->arena);
    free(words);
    return 0;
}
