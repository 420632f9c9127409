/*
 * YAML into values: libyaml's events on one side, a tree in an arena on the other.
 *
 * Open lists and maps are frames on a small stack; their children wait on two shared stacks until the frame closes and
 * they are copied out. Aliases share the anchored tree, so they cost no memory; what they would come to if they were
 * written out is counted and bounded, for whoever walks the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "manifest/scalar.h"
#include "manifest/seen.h"
#include "refit/manifest.h"

enum { DEPTH_MAX = 64, ALIASED_NODES_MAX = 1000000 };

struct anchor {
    struct value *value; /* NULL while it is open */
    uint64_t nodes;      /* in it, aliases written out */
    uint32_t height;     /* levels of lists and maps */
};

/* An open list or map. */
struct frame {
    struct value *value;
    size_t first;    /* its first child on the stack of items or pairs */
    uint32_t anchor; /* TABLE_NONE if it has none */
    uint64_t nodes;
    uint32_t height; /* of its children */
    bool has_key;    /* maps: a key waits for its value */
    bool is_merge;   /* that key is `<<` */
    struct value_pair pending;
    struct value *merge; /* the value of `<<`, or NULL */
};

struct builder {
    struct arena *arena;
    const char *file;
    struct error *err;
    struct frame frames[DEPTH_MAX];
    uint32_t depth;
    struct value **items;
    size_t item_count, item_cap;
    struct value_pair *pairs;
    size_t pair_count, pair_cap;
    struct anchor *anchors;
    size_t anchor_count, anchor_cap;
    struct table anchor_index;
    uint64_t aliased_nodes;
    struct value *root;
    bool done;
};

#define REFUSE(b, at, ...) error_at((b)->err, STATUS_MANIFEST, (b)->file, (at)->line, (at)->column, __VA_ARGS__)

/* ---- anchors ---- */

/* The slot of a name; a name that is anchored again means the later node from there on. */
static uint32_t open_anchor(struct builder *b, const yaml_char_t *name)
{
    if (name == NULL)
        return TABLE_NONE;
    struct str key = str_from((const char *)name);
    uint32_t index = table_get(&b->anchor_index, key);
    if (index == TABLE_NONE) {
        index = (uint32_t)b->anchor_count;
        MEM_GROW(b->anchors, b->anchor_count, b->anchor_cap);
        b->anchor_count++;
        table_add(&b->anchor_index, str_dup(b->arena, key), index);
    }
    b->anchors[index] = (struct anchor){0};
    return index;
}

static void close_anchor(struct builder *b, uint32_t index, struct value *value, uint64_t nodes, uint32_t height)
{
    if (index != TABLE_NONE)
        b->anchors[index] = (struct anchor){value, nodes, height};
}

/* ---- nodes into frames ---- */

static struct frame *top(struct builder *b)
{
    return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

static bool wants_key(struct builder *b)
{
    struct frame *frame = top(b);
    return frame != NULL && frame->value->type == VALUE_MAP && !frame->has_key;
}

static void set_key(struct frame *frame, const struct value *key, bool is_merge)
{
    frame->pending = (struct value_pair){key->text, key->line, key->column, NULL};
    frame->has_key = true;
    frame->is_merge = is_merge;
    frame->nodes++;
}

/* Puts a whole node where it belongs: the root, a list, or a map as value of the pending key. */
static enum status deliver(struct builder *b, struct value *value, uint64_t nodes, uint32_t height)
{
    struct frame *frame = top(b);
    if (frame == NULL) {
        b->root = value;
        return STATUS_OK;
    }
    frame->nodes += nodes;
    if (frame->height < height)
        frame->height = height;
    if (frame->value->type == VALUE_LIST) {
        MEM_GROW(b->items, b->item_count, b->item_cap);
        b->items[b->item_count++] = value;
        return STATUS_OK;
    }
    frame->has_key = false;
    if (frame->is_merge) {
        if (frame->merge != NULL)
            return REFUSE(b, &frame->pending, "a second `<<` in one map; write one `<<` with a list of aliases");
        frame->merge = value;
        return STATUS_OK;
    }
    MEM_GROW(b->pairs, b->pair_count, b->pair_cap);
    b->pairs[b->pair_count] = frame->pending;
    b->pairs[b->pair_count++].value = value;
    return STATUS_OK;
}

static struct value at_mark(const yaml_mark_t *mark)
{
    return (struct value){.line = (uint32_t)mark->line + 1, .column = (uint32_t)mark->column + 1};
}

/* ---- scalars ---- */

/* `!bytes`: the code points of the text are the bytes. */
static bool decode_bytes(struct str text, char *out, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80) {
            if (c > 0xc3 || i + 1 == text.len)
                return false;
            c = (unsigned char)((c & 0x1f) << 6 | (text.ptr[++i] & 0x3f));
        }
        out[(*len)++] = (char)c;
    }
    return true;
}

/* The tag as it was written, for messages. */
static struct str short_tag(struct arena *arena, const char *tag)
{
    struct str full = str_from(tag), prefix = STR("tag:yaml.org,2002:");
    if (!str_starts(full, prefix))
        return full;
    return str_format(arena, "!!" STR_FMT, STR_ARG(str_slice(full, prefix.len, full.len)));
}

static enum status unknown_tag(struct builder *b, const struct value *at, const char *tag)
{
    struct str text = short_tag(b->arena, tag);
    return REFUSE(b, at, "unknown tag `" STR_FMT "`; known: !!str !!int !!float !!bool !!null !!seq !!map",
                  STR_ARG(text));
}

/* Gives a scalar the type that its tag says; its text must be one of that type. */
static enum status apply_tag(struct builder *b, struct value *value, const char *tag)
{
    struct str name = short_tag(b->arena, tag);
    if (str_is(name, "!!str"))
        return STATUS_OK;
    if (str_is(name, "!bytes")) {
        char *bytes = arena_alloc(b->arena, value->text.len + 1, 1);
        size_t len;
        if (!decode_bytes(value->text, bytes, &len))
            return REFUSE(b, value, "a character above \\xff in `!bytes`, where each stands for a byte");
        value->text = (struct str){bytes, len};
        return STATUS_OK;
    }
    static const struct {
        const char *name;
        enum value_type type;
    } types[] = {{"!!int", VALUE_INT}, {"!!float", VALUE_FLOAT}, {"!!bool", VALUE_BOOL}, {"!!null", VALUE_NULL}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!str_is(name, types[i].name))
            continue;
        scalar_resolve(value);
        if (value->type == VALUE_INT && types[i].type == VALUE_FLOAT) {
            value->real = (double)value->integer;
            value->type = VALUE_FLOAT;
        }
        if (value->type == types[i].type)
            return STATUS_OK;
        return REFUSE(b, value, "`" STR_FMT "` is not %s, which the tag `%s` asks for", STR_ARG(value->text),
                      value_type_name(types[i].type), types[i].name);
    }
    return unknown_tag(b, value, tag);
}

static enum status on_scalar(struct builder *b, const yaml_event_t *event)
{
    struct value value = at_mark(&event->start_mark);
    const char *tag = (const char *)event->data.scalar.tag;
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    value.text = str_dup(b->arena, text);
    value.type = VALUE_STRING;
    bool plain = tag == NULL && event->data.scalar.plain_implicit;
    if (tag != NULL) {
        enum status status = apply_tag(b, &value, tag);
        if (status != STATUS_OK)
            return status;
    } else if (plain) {
        scalar_resolve(&value);
    }
    bool is_key = wants_key(b);
    if (is_key)
        set_key(top(b), &value, plain && str_is(value.text, "<<"));
    if (is_key && event->data.scalar.anchor == NULL)
        return STATUS_OK;
    struct value *node = arena_copy(b->arena, &value, sizeof value);
    close_anchor(b, open_anchor(b, event->data.scalar.anchor), node, 1, 0);
    return is_key ? STATUS_OK : deliver(b, node, 1, 0);
}

static enum status on_alias(struct builder *b, const yaml_event_t *event)
{
    struct value at = at_mark(&event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    uint32_t index = table_get(&b->anchor_index, str_from(name));
    if (index == TABLE_NONE)
        return REFUSE(b, &at, "the alias `*%s` has no anchor `&%s` before it", name, name);
    struct anchor anchor = b->anchors[index];
    if (anchor.value == NULL)
        return REFUSE(b, &at, "the alias `*%s` stands inside its own anchor; a value cannot contain itself", name);
    b->aliased_nodes += anchor.nodes;
    if (b->aliased_nodes > ALIASED_NODES_MAX)
        return REFUSE(b, &at, "aliases expand to more than %d nodes; write less with aliases", ALIASED_NODES_MAX);
    if (b->depth + anchor.height > DEPTH_MAX)
        return REFUSE(b, &at, "nested more than %d levels deep", DEPTH_MAX);
    if (!wants_key(b))
        return deliver(b, anchor.value, anchor.nodes, anchor.height);
    if (anchor.height > 0)
        return REFUSE(b, &at, "a key must be a string, not %s", value_type_name(anchor.value->type));
    at.text = anchor.value->text;
    set_key(top(b), &at, false);
    return STATUS_OK;
}

/* ---- lists and maps ---- */

static enum status open_frame(struct builder *b, const yaml_event_t *event, enum value_type type)
{
    struct value at = at_mark(&event->start_mark);
    bool is_map = type == VALUE_MAP;
    const char *tag = (const char *)(is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (tag != NULL && strcmp(tag, "!") != 0 && strcmp(tag, is_map ? YAML_MAP_TAG : YAML_SEQ_TAG) != 0)
        return unknown_tag(b, &at, tag);
    if (wants_key(b))
        return REFUSE(b, &at, "a key must be a string, not %s%s", value_type_name(type),
                      is_map ? " (quote a key that begins with `{`)" : "");
    if (b->depth == DEPTH_MAX)
        return REFUSE(b, &at, "nested more than %d levels deep", DEPTH_MAX);
    struct frame *frame = &b->frames[b->depth++];
    *frame = (struct frame){
        .value = value_new(b->arena, type, at.line, at.column),
        .first = is_map ? b->pair_count : b->item_count,
        .anchor = open_anchor(b, is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor),
        .nodes = 1,
    };
    return STATUS_OK;
}

/* Pairs from `first` on, with one more: a later value of a key takes the place of the earlier one. */
static void put_pair(struct builder *b, size_t first, const struct value_pair *pair, struct seen *seen)
{
    uint32_t at = seen_add(seen, pair->key, (uint32_t)(b->pair_count - first));
    if (at != TABLE_NONE) {
        b->pairs[first + at] = *pair;
        return;
    }
    MEM_GROW(b->pairs, b->pair_count, b->pair_cap);
    b->pairs[b->pair_count++] = *pair;
}

static enum status put_merged(struct builder *b, size_t first, const struct value *from, struct seen *seen)
{
    if (from->type != VALUE_MAP)
        return REFUSE(b, from, "`<<` takes a map or a list of maps, not %s", value_type_name(from->type));
    for (uint32_t i = 0; i < from->map.count; i++)
        put_pair(b, first, &from->map.pairs[i], seen);
    return STATUS_OK;
}

/* What is merged comes first, of a list of maps the last one; what is nearer takes the place of what was there. That
 * order can be seen where a map is gone through. */
static enum status merge(struct builder *b, const struct frame *frame)
{
    struct seen seen = {0};
    size_t own_count = b->pair_count - frame->first;
    struct value_pair *own = NULL; /* no pairs at all may be there yet */
    if (own_count > 0)
        own = arena_copy(b->arena, b->pairs + frame->first, mem_product(own_count, sizeof *own));
    const struct value *from = frame->merge;
    enum status status = STATUS_OK;
    b->pair_count = frame->first;
    if (from->type != VALUE_LIST)
        status = put_merged(b, frame->first, from, &seen);
    for (uint32_t i = from->type == VALUE_LIST ? from->list.count : 0; i-- > 0 && status == STATUS_OK;)
        status = put_merged(b, frame->first, from->list.items[i], &seen);
    for (size_t i = 0; i < own_count && status == STATUS_OK; i++)
        put_pair(b, frame->first, &own[i], &seen);
    seen_finish(&seen);
    return status;
}

/* Refuses keys that are there twice, then adds what is merged. */
static enum status settle_keys(struct builder *b, const struct frame *frame)
{
    struct seen seen = {0};
    enum status status = STATUS_OK;
    for (size_t i = frame->first; i < b->pair_count && status == STATUS_OK; i++) {
        uint32_t line = seen_add(&seen, b->pairs[i].key, b->pairs[i].line);
        if (line != TABLE_NONE)
            status = REFUSE(b, &b->pairs[i], "the key `" STR_FMT "` is there twice, first in line %u; remove one",
                            STR_ARG(b->pairs[i].key), line);
    }
    seen_finish(&seen);
    return status == STATUS_OK && frame->merge != NULL ? merge(b, frame) : status;
}

static enum status close_map(struct builder *b, struct frame *frame)
{
    enum status status = settle_keys(b, frame);
    size_t count = b->pair_count - frame->first;
    if (status == STATUS_OK && count > 0) {
        struct value *map = frame->value;
        map->map.count = (uint32_t)count;
        map->map.pairs = arena_copy(b->arena, b->pairs + frame->first, mem_product(count, sizeof *b->pairs));
    }
    b->pair_count = frame->first;
    return status;
}

static void close_list(struct builder *b, struct frame *frame)
{
    size_t count = b->item_count - frame->first;
    frame->value->list.count = (uint32_t)count;
    if (count > 0)
        frame->value->list.items = arena_copy(b->arena, b->items + frame->first, mem_product(count, sizeof *b->items));
    b->item_count = frame->first;
}

static enum status close_frame(struct builder *b)
{
    struct frame *frame = top(b);
    enum status status = STATUS_OK;
    if (frame->value->type == VALUE_MAP)
        status = close_map(b, frame);
    else
        close_list(b, frame);
    b->depth--;
    uint32_t height = frame->height + 1;
    close_anchor(b, frame->anchor, frame->value, frame->nodes, height);
    return status == STATUS_OK ? deliver(b, frame->value, frame->nodes, height) : status;
}

/* ---- the document ---- */

static enum status on_document(struct builder *b, const yaml_event_t *event)
{
    struct value at = at_mark(&event->start_mark);
    if (b->root != NULL)
        return REFUSE(b, &at, "a second document begins here; put everything into one (remove the `---`)");
    return STATUS_OK;
}

static enum status on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(b, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return on_alias(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_frame(b, event, VALUE_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_frame(b, event, VALUE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(b);
    case YAML_STREAM_END_EVENT:
        b->done = true;
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

/* Where a byte stands in the text: its line, and its column in characters. */
static struct value at_offset(struct str text, size_t offset)
{
    struct value at = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if ((text.ptr[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Is there a `${` in the line before this byte? The index is one of characters: near enough. */
static bool template_opens_before(struct str text, size_t offset)
{
    for (size_t i = offset < text.len ? offset : text.len; i-- > 0 && text.ptr[i] != '\n';)
        if (text.ptr[i] == '$' && i + 1 < text.len && text.ptr[i + 1] == '{')
            return true;
    return false;
}

static enum status broken(struct builder *b, const yaml_parser_t *parser, struct str text)
{
    const char *problem = parser->problem ? parser->problem : "unreadable";
    if (parser->error == YAML_MEMORY_ERROR)
        return error_set(b->err, STATUS_IO, "out of memory while reading %s", b->file);
    if (parser->error == YAML_READER_ERROR) {
        struct value at = at_offset(text, parser->problem_offset);
        if (parser->problem_value >= 0)
            return REFUSE(b, &at, "broken YAML: %s (0x%02x); the file must be UTF-8 text", problem,
                          (unsigned)parser->problem_value);
        return REFUSE(b, &at, "broken YAML: %s; the file must be UTF-8 text", problem);
    }
    struct value at = at_mark(&parser->problem_mark);
    size_t index = parser->problem_mark.index;
    bool is_tab = strstr(problem, "cannot start any token") != NULL && index < text.len && text.ptr[index] == '\t';
    if (is_tab)
        return REFUSE(b, &at, "broken YAML: a tab; indent with spaces");
    if (parser->context != NULL && strstr(parser->context, "flow") != NULL && template_opens_before(text, index))
        return REFUSE(b, &at, "broken YAML: %s; between [] or {} a string with ${...} needs quotes", problem);
    if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
        return REFUSE(b, &at, "broken YAML: %s (%s that begins in line %zu)", problem, parser->context,
                      parser->context_mark.line + 1);
    return REFUSE(b, &at, "broken YAML: %s", problem);
}

enum status yaml_parse(struct arena *arena, struct str text, struct str file, struct value **out, struct error *err)
{
    struct builder b = {.arena = arena, .file = str_terminated(arena, file), .err = err};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_set(err, STATUS_IO, "out of memory while reading %s", b.file);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !b.done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = broken(&b, &parser, text);
            break;
        }
        status = on_event(&b, &event);
        yaml_event_delete(&event);
    }
    if (status == STATUS_OK)
        *out = b.root ? b.root : value_new(arena, VALUE_NULL, 1, 1);
    yaml_parser_delete(&parser);
    free(b.items);
    free(b.pairs);
    free(b.anchors);
    table_finish(&b.anchor_index);
    return status;
}
