/* How much of what is kept is kept for another as well. */
#include <string.h>

#include "store/inspect.h"
#include "store/list.h"

enum { OF_FIRST = 1 };

struct overlap {
    struct store *store;
    struct marks marks; /* chunks of the first one */
    bool counting;      /* the second one */
    struct store_overlap *out;
};

static void take_chunk(struct overlap *o, struct digest digest, uint32_t len)
{
    if (!o->counting) {
        marks_add(&o->marks, digest, OF_FIRST);
        return;
    }
    o->out->bytes += len;
    o->out->shared += marks_get(&o->marks, digest) & OF_FIRST ? len : 0;
}

/* An object of one chunk; *found is false if it is none. */
static enum status take_single(struct overlap *o, struct digest digest, bool *found, struct error *err)
{
    struct fetch fetch;
    enum status status = fetch_begin(o->store, NULL, ITEM_CHUNK, digest, &fetch, found, err);
    if (status != STATUS_OK)
        return status;
    if (*found) {
        struct reader r = reader_from(fetch.value.ptr, fetch.value.len);
        reader_u32(&r); /* the codec */
        take_chunk(o, digest, reader_u32(&r));
    }
    fetch_end(&fetch);
    return STATUS_OK;
}

static enum status take_object(struct overlap *o, struct digest digest, struct error *err)
{
    bool found;
    struct buf entries = {0};
    enum status status = take_single(o, digest, &found, err);
    if (status != STATUS_OK || found)
        return status;
    status = object_list(o->store, NULL, digest, &entries, &found, err);
    struct str view = buf_view(&entries);
    o->out->whole &= found;
    for (uint64_t i = 0; status == STATUS_OK && o->out->whole && i < list_count(view); i++) {
        struct list_entry entry = list_at(view, i);
        take_chunk(o, entry.digest, entry.len);
        status = fetch_exists(o->store, NULL, ITEM_CHUNK, entry.digest, &found, err);
        o->out->whole &= found;
    }
    buf_finish(&entries);
    return status;
}

static enum status take_tree(struct overlap *o, struct digest digest, struct error *err)
{
    struct arena arena;
    struct buf bytes = {0};
    struct tree tree = {0};
    arena_init(&arena);
    enum status status = object_read(o->store, NULL, digest, &bytes, err);
    if (status == STATUS_OK)
        status = tree_decode(&arena, buf_view(&bytes), &tree, err);
    if (status == STATUS_NOT_FOUND) {
        o->out->whole = false;
        status = STATUS_OK;
    }
    for (uint32_t i = 0; status == STATUS_OK && o->out->whole && i < tree.count; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = take_object(o, tree.entries[i].digest, err);
    buf_finish(&bytes);
    arena_finish(&arena);
    return status;
}

enum status store_get_overlap(struct store *store, struct digest first, bool first_tree, struct digest second,
                              bool second_tree, struct store_overlap *out, struct error *err)
{
    struct overlap o = {.store = store, .out = out};
    *out = (struct store_overlap){.whole = true};
    enum status status = first_tree ? take_tree(&o, first, err) : take_object(&o, first, err);
    o.counting = true;
    if (status == STATUS_OK && out->whole)
        status = second_tree ? take_tree(&o, second, err) : take_object(&o, second, err);
    marks_finish(&o.marks);
    return status;
}
