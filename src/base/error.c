/* Setting, wrapping and printing errors. */
#include "refit/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int status_exit(enum status status)
{
    switch (status) {
#define X(name, exit_status, meaning) \
    case STATUS_##name:               \
        return exit_status;
        STATUS_TABLE(X)
#undef X
    }
    return 1;
}

static void set_message(struct error *err, enum status status, const char *format, va_list args)
{
    err->status = status;
    err->line = err->column = 0;
    err->file[0] = '\0';
    vsnprintf(err->message, sizeof err->message, format, args);
}

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(err, status, format, args);
    va_end(args);
    return status;
}

enum status error_at(struct error *err, enum status status, const char *file, uint32_t line, uint32_t column,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(err, status, format, args);
    va_end(args);
    snprintf(err->file, sizeof err->file, "%s", file);
    err->line = line;
    err->column = column;
    return status;
}

enum status error_errno(struct error *err, enum status status, int errnum, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(err, status, format, args);
    va_end(args);
    size_t len = strlen(err->message);
    char text[128], end[192];
    const char *advice = errnum == ENOSPC || errnum == EDQUOT ? "; make room there and run again" : "";
    size_t end_len = (size_t)snprintf(end, sizeof end, ": %s%s", strerror_r(errnum, text, sizeof text), advice);
    if (len + end_len >= sizeof err->message) { /* a path may be longer: the reason is told all the same */
        len = sizeof err->message - end_len - sizeof "...";
        memcpy(err->message + len, "...", sizeof "...");
        len += sizeof "..." - 1;
    }
    memcpy(err->message + len, end, end_len + 1);
    return status;
}

enum status error_wrap(struct error *err, const char *format, ...)
{
    char noun[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(noun, sizeof noun, format, args);
    va_end(args);
    size_t len = strlen(noun);
    if (len + 2 < sizeof err->message) {
        size_t keep = strlen(err->message);
        if (keep > sizeof err->message - len - 3)
            keep = sizeof err->message - len - 3;
        memmove(err->message + len + 2, err->message, keep);
        err->message[len + 2 + keep] = '\0';
        memcpy(err->message, noun, len);
        memcpy(err->message + len, ": ", 2);
    }
    return err->status;
}

/* Appends with control bytes as \n, \t or \xHH; returns the new length. */
static unsigned append_escaped(char *out, unsigned len, unsigned size, const char *text)
{
    for (; *text && len + 5 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != 0x7f)
            out[len++] = (char)c;
        else if (c == '\n' || c == '\t')
            len += (unsigned)snprintf(out + len, size - len, "\\%c", c == '\n' ? 'n' : 't');
        else
            len += (unsigned)snprintf(out + len, size - len, "\\x%02x", c);
    }
    out[len] = '\0';
    return len;
}

const char *error_text(const struct error *err, char *out, unsigned size)
{
    unsigned len = 0;
    out[0] = '\0';
    if (err->file[0] != '\0') {
        len = append_escaped(out, len, size, err->file);
        if (err->line != 0 && err->column != 0)
            len += (unsigned)snprintf(out + len, size - len, ":%u:%u", err->line, err->column);
        else if (err->line != 0)
            len += (unsigned)snprintf(out + len, size - len, ":%u", err->line);
        if (len + 2 < size)
            len += (unsigned)snprintf(out + len, size - len, ": ");
    }
    if (len < size)
        append_escaped(out, len, size, err->message);
    return out;
}

bool exit_is_worse(int one, int other)
{
    static const int order[] = {130, 5, 2, 1, 4, 3, 0};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (order[i] == other)
            return false;
        if (order[i] == one)
            return true;
    }
    return false;
}
