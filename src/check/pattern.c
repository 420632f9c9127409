/* libpcre2-8, loaded and not linked: most checks have no pattern. */
#include "check/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/arena.h"

#define LIBRARY "libpcre2-8.so.0"

struct pattern {
    void *code, *data;
    __typeof__(pcre2_match_8) *match;
    __typeof__(pcre2_code_free_8) *code_free;
    __typeof__(pcre2_match_data_free_8) *data_free;
};

static enum status find(void *library, const char *name, void *place, struct error *err)
{
    void *found = dlsym(library, name);
    if (found == NULL)
        return error_set(err, STATUS_IO, "%s has no %s", LIBRARY, name);
    memcpy(place, &found, sizeof found);
    return STATUS_OK;
}

static enum status compile(struct pattern *p, void *library, struct str text, struct error *err)
{
    __typeof__(pcre2_compile_8) *compile_text;
    __typeof__(pcre2_jit_compile_8) *jit;
    __typeof__(pcre2_get_error_message_8) *message_of;
    __typeof__(pcre2_match_data_create_from_pattern_8) *data_create;
    const struct {
        const char *name;
        void *place;
    } wanted[] = {{"pcre2_compile_8", &compile_text}, {"pcre2_jit_compile_8", &jit},
                  {"pcre2_get_error_message_8", &message_of}, {"pcre2_match_8", &p->match},
                  {"pcre2_match_data_create_from_pattern_8", &data_create},
                  {"pcre2_code_free_8", &p->code_free}, {"pcre2_match_data_free_8", &p->data_free}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        enum status status = find(library, wanted[i].name, wanted[i].place, err);
        if (status != STATUS_OK)
            return status;
    }
    int fault;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    p->code = compile_text((PCRE2_SPTR)text.ptr, text.len, options, &fault, &at, NULL);
    if (p->code == NULL) {
        PCRE2_UCHAR message[256] = "";
        message_of(fault, message, sizeof message);
        return error_set(err, STATUS_MANIFEST, "the pattern `" STR_FMT "` is wrong at byte %zu: %s", STR_ARG(text),
                         (size_t)at + 1, (const char *)message);
    }
    jit(p->code, PCRE2_JIT_COMPLETE); /* without it, it is only slower */
    p->data = data_create(p->code, NULL);
    return p->data != NULL ? STATUS_OK : error_set(err, STATUS_IO, "a pattern cannot be used: out of memory");
}

enum status pattern_create(struct str text, struct pattern **out, struct error *err)
{
    struct pattern *p = mem_alloc(sizeof *p);
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    enum status status;
    if (library == NULL)
        status = error_set(err, STATUS_IO, "`matches` needs %s, which is not there; install Debian's libpcre2-8-0",
                           LIBRARY);
    else
        status = compile(p, library, text, err);
    if (status != STATUS_OK) {
        pattern_destroy(p);
        p = NULL;
    }
    *out = p;
    return status;
}

void pattern_destroy(struct pattern *p)
{
    if (p == NULL)
        return;
    if (p->data != NULL)
        p->data_free(p->data);
    if (p->code != NULL)
        p->code_free(p->code);
    free(p);
}

bool pattern_matches(const struct pattern *p, struct str text)
{
    return p->match(p->code, (PCRE2_SPTR)text.ptr, text.len, 0, PCRE2_NO_UTF_CHECK, p->data, NULL) >= 0;
}
