/* YAML: whatever parses can be walked, and is written so that it reads back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/json.h"
#include "refit/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_string(struct arena *arena, struct str s)
{
    struct buf text = {0};
    struct arena_mark mark = arena_get_mark(arena);
    struct value *back;
    struct error err;
    yaml_append_string(&text, s);
    must(yaml_parse(arena, buf_view(&text), STR("again"), &back, &err) == STATUS_OK);
    must(back->type == VALUE_STRING && str_equal(back->text, s));
    arena_rewind(arena, mark);
    buf_finish(&text);
}

static void check_strings(struct arena *arena, const struct value *value, int *budget)
{
    if (--*budget < 0)
        return;
    if (value->type == VALUE_STRING)
        check_string(arena, value->text);
    for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count; i++)
        check_strings(arena, value->list.items[i], budget);
    for (uint32_t i = 0; value->type == VALUE_MAP && i < value->map.count; i++) {
        check_string(arena, value->map.pairs[i].key);
        must(value_get(value, value->map.pairs[i].key) == value->map.pairs[i].value);
        check_strings(arena, value->map.pairs[i].value, budget);
    }
}

/* What is written as YAML is the same value. */
static void check_value(struct arena *arena, const struct value *value)
{
    struct buf text = {0};
    struct value *back;
    struct error err;
    yaml_append_value(&text, value, 2);
    must(yaml_parse(arena, buf_view(&text), STR("again"), &back, &err) == STATUS_OK);
    must(value_equal(value, back));
    buf_finish(&text);
}

/* What is written as JSON is JSON; both texts can be had of any value. */
static void check_texts(struct arena *arena, const struct value *value)
{
    struct buf text = {0};
    struct json j;
    struct value *back;
    struct error err;
    json_init(&j, &text);
    json_value(&j, value);
    must(str_is_utf8(buf_view(&text)));
    enum status status = json_parse(arena, buf_view(&text), "again", &back, &err);
    /* Refused: a NUL in a key, and keys that only bad bytes told apart. */
    must(status == STATUS_OK || strstr(err.message, "NUL") != NULL || strstr(err.message, "duplicate") != NULL);
    buf_clear(&text);
    value_canonical(value, &text);
    must(value_equal(value, value));
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct value *value;
    struct error err = {0};
    struct str text = {(const char *)data, size};
    enum status status = yaml_parse(&arena, text, STR("fuzz.yaml"), &value, &err);
    must(status == STATUS_OK || (status == STATUS_MANIFEST && err.line > 0 && err.column > 0));
    if (status == STATUS_OK) {
        int budget = 1000;
        check_strings(&arena, value, &budget);
        if (size < 4096) {
            check_texts(&arena, value);
            check_value(&arena, value);
        }
    }
    check_string(&arena, text);
    if (json_parse(&arena, text, "fuzz.json", &value, &err) == STATUS_OK)
        check_texts(&arena, value);
    arena_finish(&arena);
    return 0;
}
