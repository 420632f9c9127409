/*
 * JSON: reading into values, writing in one pass.
 *
 * The writer keeps track of commas and nesting; strings that are not UTF-8 are written with json_path() as
 * {"path_hex": "..."} by the caller's choice of function, never as broken text.
 */
#ifndef REFIT_BASE_JSON_H
#define REFIT_BASE_JSON_H

#include <stdbool.h>

#include "refit/base/error.h"
#include "refit/base/str.h"
#include "refit/base/value.h"

/* Parse a whole document. `file` is the name for messages. Duplicate keys and trailing bytes are errors
 * (STATUS_MANIFEST, with line and column); the values inside have no positions. */
enum status json_parse(struct arena *arena, struct str text, const char *file, struct value **out, struct error *err);

/* jansson exports these two names, and a definition in the program would take their place inside that library. */
#define json_real refit_json_real
#define json_null refit_json_null

struct json {
    struct buf *out;
    uint64_t started; /* bit n: something was written at depth n */
    unsigned depth;   /* at most 63 */
    bool after_key;
};

void json_init(struct json *j, struct buf *out);
void json_open_object(struct json *j);
void json_close_object(struct json *j);
void json_open_array(struct json *j);
void json_close_array(struct json *j);
void json_key(struct json *j, const char *key);
void json_key_str(struct json *j, struct str key); /* bytes that are not UTF-8 become U+FFFD */
void json_str(struct json *j, struct str s);       /* bytes that are not UTF-8 become U+FFFD */
void json_int(struct json *j, int64_t v);
void json_real(struct json *j, double v); /* NaN and infinities as null */
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
void json_value(struct json *j, const struct value *v);

/* In an object: a member. */
void json_put_str(struct json *j, const char *key, struct str s);
void json_put_str_or_null(struct json *j, const char *key, struct str s); /* "" is null */
void json_put_count(struct json *j, const char *key, uint64_t count);

/* In an object: "KEY": "path" if the path is UTF-8, otherwise "KEY_hex": "0a0b...". */
void json_path(struct json *j, const char *key, struct str path);

/* In an array of paths: a string, or {"path_hex": "0a0b..."}. */
void json_path_item(struct json *j, struct str path);

#endif
