/* `refit rules`: the rules that stages can use, their arguments, and what becomes of an example. A reader. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "refit/base/fs.h"
#include "refit/rule.h"

static const struct option_spec options[] = {
    {OPTION_NAMES, "names", NULL, "names of rules alone, one a line"},
    {0, NULL, NULL, NULL},
};

enum { RULE_BYTES_MAX = 16 << 20 };

struct known_rule {
    struct str name;
    bool own; /* the project's; its file is rules/NAME.yaml */
    struct str text;
};

struct known_rules {
    struct known_rule *items;
    uint32_t count, cap;
};

/* ---- finding them ---- */

static int compare_rules(const void *a, const void *b)
{
    return str_compare(((const struct known_rule *)a)->name, ((const struct known_rule *)b)->name);
}

static enum status read_own(struct invocation *in, struct known_rules *rules, struct str file, struct error *err)
{
    struct buf text = {0};
    const char *path = str_format(&in->arena, "rules/" STR_FMT, STR_ARG(file)).ptr;
    enum status status = fs_read(path, RULE_BYTES_MAX, &text, err);
    if (status == STATUS_OK) {
        MEM_GROW(rules->items, rules->count, rules->cap);
        rules->items[rules->count++] = (struct known_rule){
            .name = str_dup(&in->arena, str_slice(file, 0, file.len - STR(".yaml").len)),
            .own = true,
            .text = str_dup(&in->arena, buf_view(&text)),
        };
    }
    buf_finish(&text);
    return status;
}

/* The project's, in the folder that is the working directory by now. */
static enum status find_own(struct invocation *in, struct known_rules *rules, struct error *err)
{
    DIR *folder = opendir("rules");
    if (folder == NULL && (errno == ENOENT || errno == ENOTDIR))
        return STATUS_OK;
    if (folder == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot read the folder rules");
    enum status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(folder)) != NULL;) {
        struct str file = str_from(entry->d_name);
        if (str_ends(file, STR(".yaml")) && file.ptr[0] != '.')
            status = read_own(in, rules, file, err);
    }
    closedir(folder);
    if (rules->count > 1)
        qsort(rules->items, rules->count, sizeof *rules->items, compare_rules);
    return status;
}

static bool has_name(const struct known_rules *rules, struct str name)
{
    for (uint32_t i = 0; i < rules->count; i++)
        if (str_equal(rules->items[i].name, name))
            return true;
    return false;
}

/* The project's, then those that are shipped and that it has none of its own for. */
static enum status find_rules(struct invocation *in, struct known_rules *rules, struct error *err)
{
    enum status status = find_own(in, rules, err);
    for (const struct rule_shipped *rule = rules_shipped; status == STATUS_OK && rule->name != NULL; rule++) {
        if (has_name(rules, str_from(rule->name)))
            continue;
        MEM_GROW(rules->items, rules->count, rules->cap);
        rules->items[rules->count++] =
            (struct known_rule){.name = str_from(rule->name), .text = str_from(rule->text)};
    }
    return status;
}

static enum status parse(struct invocation *in, const struct known_rule *known, struct rule *out, struct error *err)
{
    struct str file = str_format(&in->arena, "rules/" STR_FMT ".yaml", STR_ARG(known->name));
    return rule_parse(&in->arena, known->name, file, known->text, out, err);
}

static const char *origin(const struct known_rule *known)
{
    return known->own ? "project" : "refit";
}

/* ---- the list ---- */

static void json_head(struct json *j, const struct known_rule *known, const struct rule *rule)
{
    json_key(j, "name");
    json_str(j, rule->name);
    json_key(j, "desc");
    json_str(j, rule->desc);
    json_key(j, "from");
    json_str(j, str_from(origin(known)));
    if (known->own)
        json_path(j, "file", rule->file);
}

static void print_json_list(const struct known_rules *known, const struct rule *rules)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "rules");
    json_open_array(&j);
    for (uint32_t i = 0; i < known->count; i++) {
        json_open_object(&j);
        json_head(&j, &known->items[i], &rules[i]);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status print_list(struct invocation *in, const struct known_rules *known, struct error *err)
{
    struct rule *rules = arena_array(&in->arena, struct rule, known->count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < known->count && status == STATUS_OK; i++)
        status = parse(in, &known->items[i], &rules[i], err);
    if (status == STATUS_OK && in->json) {
        print_json_list(known, rules);
    } else if (status == STATUS_OK) {
        struct sheet sheet = {.arena = &in->arena};
        for (uint32_t i = 0; i < known->count; i++)
            sheet_add(&sheet, PAINT_NONE, rules[i].name, str_from(origin(&known->items[i])), rules[i].desc, STR(""));
        sheet_print(&sheet, output_color(in));
    }
    return status;
}

/* ---- one of them ---- */

static void json_arguments(struct json *j, const struct rule *rule)
{
    json_key(j, "arguments");
    json_open_array(j);
    for (uint32_t i = 0; i < rule->argument_count; i++) {
        const struct rule_argument *argument = &rule->arguments[i];
        json_open_object(j);
        json_key(j, "name");
        json_str(j, argument->name);
        json_key(j, "type");
        json_str(j, str_from(rule_type_name(argument->type)));
        json_key(j, "desc");
        json_str(j, argument->desc);
        json_key(j, "required");
        json_bool(j, argument->required);
        if (argument->fallback != NULL) {
            json_key(j, "default");
            json_value(j, argument->fallback);
        }
        if (argument->choices != NULL) {
            json_key(j, "choices");
            json_value(j, argument->choices);
        }
        json_close_object(j);
    }
    json_close_array(j);
}

static void print_json(const struct known_rule *known, const struct rule *rule)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_head(&j, known, rule);
    json_arguments(&j, rule);
    json_key(&j, "example");
    json_value(&j, rule->example);
    json_key(&j, "expansion");
    json_value(&j, rule->expansion);
    json_close_object(&j);
    output_json(&document);
}

/* "required", "default: 0.2", "one of csv, tsv", as far as it is so. */
static struct str conditions(struct arena *arena, const struct rule_argument *argument)
{
    struct buf out = {0};
    if (argument->required)
        buf_str(&out, STR("required"));
    if (argument->fallback != NULL) {
        buf_str(&out, STR("default: "));
        value_canonical(argument->fallback, &out);
    }
    for (uint32_t i = 0; argument->choices != NULL && i < argument->choices->list.count; i++) {
        buf_str(&out, i > 0 ? STR(", ") : out.len > 0 ? STR("; one of ") : STR("one of "));
        buf_str(&out, argument->choices->list.items[i]->text);
    }
    struct str text = str_dup(arena, buf_view(&out));
    buf_finish(&out);
    return text;
}

static void print_text(struct invocation *in, const struct known_rule *known, const struct rule *rule)
{
    printf(STR_FMT ": " STR_FMT "\n", STR_ARG(rule->name), STR_ARG(output_text(&in->arena, rule->desc)));
    printf(known->own ? "of this project: %s\n\n" : "shipped with refit\n\n", rule->file.ptr);
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < rule->argument_count; i++) {
        const struct rule_argument *argument = &rule->arguments[i];
        sheet_add(&sheet, PAINT_NONE, str_format(&in->arena, "  " STR_FMT, STR_ARG(argument->name)),
                  str_from(rule_type_name(argument->type)), conditions(&in->arena, argument), argument->desc);
    }
    puts(rule->argument_count > 0 ? "Arguments:" : "It takes no arguments.");
    sheet_print(&sheet, output_color(in));
    struct buf example = {0}, expansion = {0};
    yaml_append_value(&example, rule->example, 4);
    yaml_append_value(&expansion, rule->expansion, 2);
    printf("\nExample:\n  use: " STR_FMT "\n  with:\n%s\nThat is:\n%s", STR_ARG(rule->name), example.ptr,
           expansion.ptr);
    buf_finish(&example);
    buf_finish(&expansion);
}

static enum status find_one(struct invocation *in, const struct known_rules *rules, const struct known_rule **out,
                            struct error *err)
{
    struct str word = in->arguments[0];
    struct str *names = arena_array(&in->arena, struct str, rules->count);
    for (uint32_t i = 0; i < rules->count; i++) {
        names[i] = rules->items[i].name;
        if (str_equal(names[i], word)) {
            *out = &rules->items[i];
            return STATUS_OK;
        }
    }
    const struct str *nearest = str_nearest(word, names, rules->count);
    if (nearest != NULL)
        return error_set(err, STATUS_USAGE, "no rule is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(word), STR_ARG(*nearest));
    return error_set(err, STATUS_USAGE, "no rule is called `" STR_FMT "`; `refit rules` lists them", STR_ARG(word));
}

static enum status print_one(struct invocation *in, const struct known_rules *rules, struct error *err)
{
    const struct known_rule *known = NULL;
    struct rule rule;
    enum status status = find_one(in, rules, &known, err);
    if (status == STATUS_OK)
        status = parse(in, known, &rule, err);
    if (status == STATUS_OK && in->json)
        print_json(known, &rule);
    else if (status == STATUS_OK)
        print_text(in, known, &rule);
    return status;
}

static enum status run_rules(struct invocation *in, struct error *err)
{
    if (option_given(in, OPTION_NAMES) && (in->json || in->argument_count > 0))
        return error_set(err, STATUS_USAGE, "--names lists the names of all rules, and goes with nothing else");
    struct project *project;
    struct known_rules rules = {0};
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    status = find_rules(in, &rules, err);
    for (uint32_t i = 0; status == STATUS_OK && option_given(in, OPTION_NAMES) && i < rules.count; i++)
        printf(STR_FMT "\n", STR_ARG(output_text(&in->arena, rules.items[i].name)));
    if (status == STATUS_OK && in->argument_count > 0)
        status = print_one(in, &rules, err);
    else if (status == STATUS_OK && !option_given(in, OPTION_NAMES))
        status = print_list(in, &rules, err);
    free(rules.items);
    project_close(project);
    return status;
}

const struct command command_rules = {
    .name = "rules",
    .summary = "show the rules that stages can use",
    .arguments = "[NAME]",
    .description =
        "Prints the rules of this project (rules/NAME.yaml) and those that come with refit; or of one its\n"
        "arguments, an example, and the stage that the example stands for. A stage uses a rule with\n"
        "`use: NAME` and `with: {ARGUMENT: value}`.",
    .examples = "  refit rules\n"
                "  refit rules python.script",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = 1,
    .completion = COMPLETE_RULES,
    .run = run_rules,
};
