/* The context: ignore patterns, the platform, what the tools printed. */
#include "fingerprint/fingerprint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "refit/base/fs.h"

enum { IGNORE_BYTES_MAX = 1 << 20 };

static enum status load_ignore(struct fingerprint *fp, struct error *err)
{
    struct buf text = {0};
    struct error missing;
    enum status status = fs_read(".refitignore", IGNORE_BYTES_MAX, &text, &missing);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        fp->ignore = ignore_create(buf_view(&text));
        status = STATUS_OK;
    } else {
        *err = missing;
    }
    buf_finish(&text);
    return status;
}

static enum status find_platform(struct fingerprint *fp, struct error *err)
{
    struct utsname name;
    if (uname(&name) != 0)
        return error_set(err, STATUS_IO, "the system does not tell its name");
    for (char *c = name.sysname; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    fp->platform = str_format(&fp->arena, "%s-%s", name.sysname, name.machine);
    return STATUS_OK;
}

enum status fingerprint_create(struct state *state, const struct manifest_reader *reader, struct fingerprint **out,
                               struct error *err)
{
    struct fingerprint *fp = mem_alloc(sizeof *fp);
    fp->state = state;
    fp->reader = reader;
    arena_init(&fp->arena);
    pthread_mutex_init(&fp->lock, NULL);
    bool found;
    enum status status = find_platform(fp, err);
    if (status == STATUS_OK)
        status = link_resolve(&fp->arena, STR("."), &fp->real_root, &found, err);
    if (status == STATUS_OK)
        status = load_ignore(fp, err);
    if (status != STATUS_OK) {
        fingerprint_destroy(fp);
        return status;
    }
    *out = fp;
    return STATUS_OK;
}

void fingerprint_destroy(struct fingerprint *fp)
{
    if (fp == NULL)
        return;
    ignore_destroy(fp->ignore);
    table_finish(&fp->tool_index);
    table_finish(&fp->params_index);
    free(fp->tool_outputs);
    free(fp->params);
    free(fp->devices);
    pthread_mutex_destroy(&fp->lock);
    arena_finish(&fp->arena);
    free(fp);
}

struct ignore *fingerprint_ignore(struct fingerprint *fp)
{
    return fp->ignore;
}

struct str fingerprint_platform(const struct fingerprint *fp)
{
    return fp->platform;
}

void fingerprint_set_tool(struct fingerprint *fp, struct str command, struct str output)
{
    output = str_dup(&fp->arena, str_trim(output));
    uint32_t index = table_get(&fp->tool_index, command);
    if (index != TABLE_NONE) {
        fp->tool_outputs[index] = output;
        return;
    }
    table_add(&fp->tool_index, str_dup(&fp->arena, command), fp->tool_count);
    MEM_GROW(fp->tool_outputs, fp->tool_count, fp->tool_cap);
    fp->tool_outputs[fp->tool_count++] = output;
}

bool fingerprint_has_tool(const struct fingerprint *fp, struct str command)
{
    return table_get(&fp->tool_index, command) != TABLE_NONE;
}
