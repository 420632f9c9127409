/* libpcre2-8, loaded and not linked: most checks have no pattern. */
#include "check/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/arena.h"

#define LIBRARY "libpcre2-8.so.0"

enum { STACK_BYTES_MIN = 32 << 10, STACK_BYTES_MAX = 64 << 20 };

struct pattern {
    void *code, *data, *context, *stack;
    __typeof__(pcre2_match_8) *match;
    __typeof__(pcre2_match_context_free_8) *context_free;
    __typeof__(pcre2_jit_stack_free_8) *stack_free;
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
    __typeof__(pcre2_match_context_create_8) *context_create;
    __typeof__(pcre2_jit_stack_create_8) *stack_create;
    __typeof__(pcre2_jit_stack_assign_8) *stack_assign;
    const struct {
        const char *name;
        void *place;
    } wanted[] = {{"pcre2_compile_8", &compile_text}, {"pcre2_jit_compile_8", &jit},
                  {"pcre2_get_error_message_8", &message_of}, {"pcre2_match_8", &p->match},
                  {"pcre2_match_data_create_from_pattern_8", &data_create},
                  {"pcre2_code_free_8", &p->code_free}, {"pcre2_match_data_free_8", &p->data_free},
                  {"pcre2_match_context_create_8", &context_create}, {"pcre2_jit_stack_create_8", &stack_create},
                  {"pcre2_jit_stack_assign_8", &stack_assign}, {"pcre2_jit_stack_free_8", &p->stack_free},
                  {"pcre2_match_context_free_8", &p->context_free}};
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
    p->context = context_create(NULL);
    p->stack = stack_create(STACK_BYTES_MIN, STACK_BYTES_MAX, NULL); /* NULL without the compiler, which needs none */
    if (p->context != NULL && p->stack != NULL)
        stack_assign(p->context, NULL, p->stack);
    if (p->data == NULL || p->context == NULL)
        return error_set(err, STATUS_IO, "a pattern cannot be used: out of memory");
    return STATUS_OK;
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
    if (p->context != NULL)
        p->context_free(p->context);
    if (p->stack != NULL)
        p->stack_free(p->stack);
    if (p->code != NULL)
        p->code_free(p->code);
    free(p);
}

enum pattern_answer pattern_matches(const struct pattern *p, struct str text)
{
    int answer = p->match(p->code, (PCRE2_SPTR)text.ptr, text.len, 0, PCRE2_NO_UTF_CHECK, p->data, p->context);
    return answer >= 0 ? PATTERN_MATCHES : answer == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_UNDECIDED;
}
