/* Strings and values as YAML that reads back as the same. */
#include <string.h>

#include "manifest/scalar.h"
#include "refit/manifest.h"

/* Words that YAML 1.1 readers take for booleans. */
static bool is_old_boolean(struct str s)
{
    static const char *const words[] = {"y",  "Y",  "yes", "Yes", "YES", "n",   "N",   "no",
                                        "No", "NO", "on",  "On",  "ON",  "off", "Off", "OFF"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

/* Clearly a string to every reader: letters, digits and a few signs that mean nothing to YAML, and not a number. */
static bool is_plain(struct str s)
{
    bool has_letter = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
        bool inner = (c >= '0' && c <= '9') || c == '.' || (i > 0 && c != '\0' && strchr("-+@=", c) != NULL);
        if (!letter && !inner)
            return false;
        has_letter = has_letter || letter;
    }
    struct value as_read = {.text = s};
    scalar_resolve(&as_read);
    return has_letter && as_read.type == VALUE_STRING && !is_old_boolean(s);
}

/* Characters that a double-quoted scalar cannot hold as they are: controls, line breaks, the byte order mark and
 * what YAML does not count as printable. `c` is a code point. */
static bool needs_escape(uint32_t c)
{
    bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    return is_control || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

/* The code point at the start of valid UTF-8, and its length. */
static uint32_t code_point(const char *text, size_t *len)
{
    const unsigned char *p = (const unsigned char *)text;
    *len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = *len == 1 ? p[0] : p[0] & (0x7fu >> *len);
    for (size_t i = 1; i < *len; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

static void append_escape(struct buf *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        buf_print(out, "\\%c", (char)c);
    else if (c == '\n' || c == '\t' || c == '\r')
        buf_print(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else
        buf_print(out, c <= 0xff ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

static void append_text(struct buf *out, struct str s)
{
    for (size_t i = 0, len; i < s.len; i += len) {
        uint32_t c = code_point(s.ptr + i, &len);
        if (needs_escape(c) || c == '"' || c == '\\')
            append_escape(out, c);
        else
            buf_append(out, s.ptr + i, len);
    }
}

static void append_bytes(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x7f || c < 0x20 || c == '"' || c == '\\')
            append_escape(out, c);
        else
            buf_char(out, (char)c);
    }
}

void yaml_append_string(struct buf *out, struct str s)
{
    if (is_plain(s)) {
        buf_str(out, s);
        return;
    }
    bool is_text = str_is_utf8(s);
    buf_str(out, is_text ? STR("\"") : STR("!bytes \""));
    if (is_text)
        append_text(out, s);
    else
        append_bytes(out, s);
    buf_char(out, '"');
}

/* ---- values ---- */

static bool is_scalar(const struct value *v)
{
    return v->type != VALUE_LIST && v->type != VALUE_MAP;
}

static void append_scalar(struct buf *out, const struct value *v)
{
    if (v->type == VALUE_STRING)
        yaml_append_string(out, v->text);
    else
        value_canonical(v, out);
}

/* Several lines that read as they are behind `|`. */
static bool is_block(struct str s)
{
    if (str_find(s, '\n') <= 0 || s.ptr[0] == ' ' || str_ends(s, STR("\n\n")) || !str_is_utf8(s))
        return false;
    bool good = true;
    for (size_t i = 0, len; i < s.len && good; i += len) {
        uint32_t c = code_point(s.ptr + i, &len);
        bool ends_line = i + 1 == s.len || s.ptr[i + 1] == '\n';
        good = c == '\n' || (!needs_escape(c) && !(c == ' ' && ends_line));
    }
    return good;
}

static void append_block(struct buf *out, struct str s, unsigned indent)
{
    buf_str(out, str_ends(s, STR("\n")) ? STR("|") : STR("|-"));
    while (s.len > 0) {
        ptrdiff_t end = str_find(s, '\n');
        struct str line = str_slice(s, 0, end < 0 ? s.len : (size_t)end);
        buf_print(out, "\n%*s", line.len > 0 ? (int)indent : 0, "");
        buf_str(out, line);
        s = end < 0 ? STR("") : str_slice(s, (size_t)end + 1, s.len);
    }
}

/* A list of scalars in brackets, if that fits into a line. */
static bool append_short_list(struct buf *out, const struct value *v)
{
    enum { LIST_BYTES_MAX = 90 };
    size_t begin = out->len;
    buf_char(out, '[');
    for (uint32_t i = 0; i < v->list.count; i++) {
        const struct value *item = v->list.items[i];
        bool fits = is_scalar(item) && !(item->type == VALUE_STRING && is_block(item->text));
        if (fits) {
            buf_str(out, i > 0 ? STR(", ") : STR(""));
            append_scalar(out, item);
        }
        if (!fits || out->len - begin > LIST_BYTES_MAX) {
            out->len = begin;
            return false;
        }
    }
    buf_char(out, ']');
    return true;
}

static void append_lines(struct buf *out, const struct value *v, unsigned indent);

/* What stands behind `KEY:` or `-`, to the end of the last line; further lines stand behind `indent` blanks. */
static void append_behind(struct buf *out, const struct value *v, unsigned indent)
{
    bool is_list = v->type == VALUE_LIST;
    buf_char(out, ' ');
    if (v->type == VALUE_STRING && is_block(v->text)) {
        append_block(out, v->text, indent);
    } else if (is_scalar(v)) {
        append_scalar(out, v);
    } else if (v->type == VALUE_MAP && v->map.count == 0) {
        buf_str(out, STR("{}"));
    } else if (!is_list || !append_short_list(out, v)) {
        out->ptr[out->len - 1] = '\n';
        append_lines(out, v, indent);
        return;
    }
    buf_char(out, '\n');
}

static void append_key(struct buf *out, struct str key, unsigned indent)
{
    enum { SIMPLE_KEY_MAX = 1000 };
    size_t begin = out->len;
    yaml_append_string(out, key);
    if (out->len - begin <= SIMPLE_KEY_MAX)
        return;
    out->len = begin;
    buf_str(out, STR("? "));
    yaml_append_string(out, key);
    buf_print(out, "\n%*s", (int)indent, "");
}

/* A list that is not empty, or a map that is not. */
static void append_lines(struct buf *out, const struct value *v, unsigned indent)
{
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.count; i++) {
        buf_print(out, "%*s-", (int)indent, "");
        append_behind(out, v->list.items[i], indent + 2);
    }
    for (uint32_t i = 0; v->type == VALUE_MAP && i < v->map.count; i++) {
        buf_print(out, "%*s", (int)indent, "");
        append_key(out, v->map.pairs[i].key, indent);
        buf_char(out, ':');
        append_behind(out, v->map.pairs[i].value, indent + 2);
    }
}

void yaml_append_value(struct buf *out, const struct value *v, unsigned indent)
{
    bool empty = v->type == VALUE_LIST ? v->list.count == 0 : v->type == VALUE_MAP && v->map.count == 0;
    if (!is_scalar(v) && !empty) {
        append_lines(out, v, indent);
        return;
    }
    buf_print(out, "%*s", (int)indent, "");
    if (is_scalar(v))
        append_scalar(out, v);
    else
        buf_str(out, v->type == VALUE_LIST ? STR("[]") : STR("{}"));
    buf_char(out, '\n');
}
