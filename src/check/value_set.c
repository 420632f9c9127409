/* A hash table of texts. Up to 16 bytes are two words, which are all that is hashed and compared. */
#include "check/value_set.h"

#include <string.h>

#include "refit/base/digest.h"

enum { WORDS_BYTES = 16 };

struct slot {
    uint64_t low, high; /* the text, filled up with zeros; of a longer one low is its hash */
    struct str text;    /* ptr NULL = empty */
};

struct value_set {
    struct slot *slots;
    uint64_t mask;
};

struct value_set *value_set_create(struct arena *arena, uint32_t count)
{
    struct value_set *set = arena_new(arena, struct value_set);
    uint64_t slots = 4;
    while (slots < 4 * (uint64_t)count)
        slots *= 2;
    set->mask = slots - 1;
    set->slots = arena_array(arena, struct slot, slots);
    return set;
}

/* `ptr` may be read for WORDS_BYTES. */
static inline struct slot key_of(const char *ptr, size_t len)
{
    static const unsigned char ones_and_zeros[2 * WORDS_BYTES] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                                  255, 255, 255, 255, 255, 255, 255, 255};
    struct slot key = {.text = {ptr, len}};
    uint64_t mask[2], words[2];
    if (len > WORDS_BYTES) {
        key.low = hash64(ptr, len);
        return key;
    }
    memcpy(mask, ones_and_zeros + WORDS_BYTES - len, sizeof mask);
    memcpy(words, ptr, sizeof words);
    key.low = words[0] & mask[0];
    key.high = words[1] & mask[1];
    return key;
}

/* The slot that has the key, or an empty one. */
static inline struct slot *find(const struct value_set *set, const struct slot *key)
{
    static const uint64_t odd = 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio */
    uint64_t at = ((key->low ^ (key->high << 29 | key->high >> 35)) * odd) >> 32 & set->mask;
    for (;; at = (at + 1) & set->mask) {
        struct slot *slot = &set->slots[at];
        if (slot->text.ptr == NULL || (slot->low == key->low && slot->high == key->high &&
                                       slot->text.len == key->text.len &&
                                       (key->text.len <= WORDS_BYTES || str_equal(slot->text, key->text))))
            return slot;
    }
}

void value_set_add(struct value_set *set, struct str text)
{
    char padded[WORDS_BYTES] = {0};
    if (text.len <= WORDS_BYTES && text.len > 0)
        memcpy(padded, text.ptr, text.len);
    struct slot key = key_of(text.len > WORDS_BYTES ? text.ptr : padded, text.len);
    struct slot *slot = find(set, &key);
    *slot = key;
    slot->text = (struct str){text.len > 0 ? text.ptr : "", text.len};
}

void value_set_test(const struct value_set *set, const struct cell *cells, uint32_t count, bool *in)
{
    for (uint32_t i = 0; i < count; i++) {
        struct slot key = key_of(cells[i].ptr, cells[i].len);
        in[i] = find(set, &key)->text.ptr != NULL;
    }
}
