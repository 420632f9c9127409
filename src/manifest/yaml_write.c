/* Strings as YAML scalars that read back as the same bytes. */
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
