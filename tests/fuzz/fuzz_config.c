/* Configuration: sources, separated by NUL, the first winning. Refused with a place, or every setting is there once,
 * has the value that the first source that sets it gives, and reads back from what is shown of it. */
#include <stdlib.h>
#include <string.h>

#include "refit/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCES_MAX = 4 };

static const char *const names[SOURCES_MAX] = {"command line", "machine.yaml", "project.yaml", "user.yaml"};

static void check(bool good)
{
    if (!good)
        abort();
}

static const struct config_entry *find(const struct config *config, struct str name)
{
    for (uint32_t i = 0; i < config->entry_count; i++)
        if (str_equal(config->entries[i].name, name))
            return &config->entries[i];
    return NULL;
}

static void check_sound(const struct config *config)
{
    check(config->jobs > 0 && config->jobs <= 65535 && config->compression >= 0 && config->compression <= 19);
    for (uint32_t i = 1; i < config->entry_count; i++)
        check(str_compare(config->entries[i - 1].name, config->entries[i].name) < 0);
    for (uint32_t i = 1; i < config->resource_count; i++)
        check(str_compare(config->resources[i - 1].name, config->resources[i].name) < 0);
    const char *const always[] = {"compression", "grace", "jobs", "keep_going", "store.path", "resources.cpus",
                                  "resources.gpus", "resources.mem"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        check(find(config, str_from(always[i])) != NULL);
}

/* What the first source says is what counts, whatever the others say. */
static void check_first_wins(struct arena *arena, const struct config_source *first, const struct config *all)
{
    struct config alone;
    struct error err;
    check(config_load(arena, first, 1, &alone, &err) == STATUS_OK);
    for (uint32_t i = 0; i < alone.entry_count; i++) {
        const struct config_entry *entry = find(all, alone.entries[i].name);
        check(entry != NULL);
        if (!str_is(alone.entries[i].origin, "default"))
            check(str_equal(entry->value, alone.entries[i].value) &&
                  str_equal(entry->origin, alone.entries[i].origin));
    }
}

static bool is_text(struct str name)
{
    return str_is(name, "store.path") || str_starts(name, STR("approvals."));
}

static void check_reads_back(struct arena *arena, const struct config *config)
{
    struct buf text = {0};
    struct config back;
    struct error err;
    for (uint32_t i = 0; i < config->entry_count; i++) {
        const struct config_entry *entry = &config->entries[i];
        if (entry->value.len == 0 && str_starts(entry->name, STR("approvals.")))
            continue; /* not set */
        buf_str(&text, STR("? ")); /* names may be long */
        yaml_append_string(&text, entry->name);
        buf_str(&text, STR("\n: "));
        if (is_text(entry->name))
            yaml_append_string(&text, entry->value);
        else
            buf_str(&text, entry->value);
        buf_char(&text, '\n');
    }
    struct config_source source = {STR("again.yaml"), buf_view(&text)};
    check(config_load(arena, &source, 1, &back, &err) == STATUS_OK);
    check(back.jobs == config->jobs && back.keep_going == config->keep_going && back.grace_ms == config->grace_ms);
    check(back.compression == config->compression && back.resource_count == config->resource_count);
    for (uint32_t i = 0; i < back.resource_count; i++) {
        check(str_equal(back.resources[i].name, config->resources[i].name));
        /* The machine's memory is shown in whole MiB. */
        check(back.resources[i].amount == config->resources[i].amount ||
              back.resources[i].amount >> 20 == config->resources[i].amount >> 20);
    }
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_source sources[SOURCES_MAX];
    uint32_t count = 0;
    for (struct str rest = {(const char *)data, size}; count < SOURCES_MAX; count++) {
        ptrdiff_t zero = str_find(rest, '\0');
        sources[count].file = str_from(names[count]);
        sources[count].text = zero < 0 ? rest : str_slice(rest, 0, (size_t)zero);
        rest = zero < 0 ? STR("") : str_slice(rest, (size_t)zero + 1, rest.len);
    }
    unsetenv("REFIT_STORE");
    unsetenv("REFIT_JOBS");
    struct arena arena;
    struct config config;
    struct error err = {0};
    arena_init(&arena);
    enum status status = config_load(&arena, sources, count, &config, &err);
    check(status == STATUS_OK || (status == STATUS_MANIFEST && err.line > 0 && err.column > 0 && err.message[0] != 0));
    if (status == STATUS_OK) {
        check_sound(&config);
        check_first_wins(&arena, &sources[0], &config);
        check_reads_back(&arena, &config);
    }
    arena_finish(&arena);
    return 0;
}
