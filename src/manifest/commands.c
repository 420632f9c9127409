/* What a stage runs: commands, tools, and the stages that it waits for. */
#include <string.h>

#include "manifest/loader.h"

static bool is_blank(struct str line)
{
    return str_trim(line).len == 0;
}

/* Does a line end with a backslash that is not itself escaped? Then the next line continues it. */
static bool is_continued(struct str line)
{
    size_t slashes = 0;
    while (slashes < line.len && line.ptr[line.len - 1 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* One command a line; `joining`, a backslash at a line's end joins it to the next, as in the shell. */
static void split_lines(struct arena *arena, struct str text, bool joining, struct str **commands, uint32_t *count)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    *commands = arena_array(arena, struct str, lines);
    *count = 0;
    struct buf command = {0};
    while (text.len > 0) {
        ptrdiff_t end = str_find(text, '\n');
        struct str line = end < 0 ? text : str_slice(text, 0, (size_t)end);
        bool is_last = end < 0 || (size_t)end + 1 == text.len;
        bool joined = joining && !is_last && is_continued(line);
        buf_str(&command, joined ? str_slice(line, 0, line.len - 1) : line);
        if (!joined) {
            if (!is_blank(buf_view(&command)))
                (*commands)[(*count)++] = str_dup(arena, buf_view(&command));
            buf_clear(&command);
        }
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
    buf_finish(&command);
}

void split_dvc_lines(struct arena *arena, struct str text, struct str **commands, uint32_t *count)
{
    split_lines(arena, text, false, commands, count);
}

static enum status load_command_string(struct loader *l, const struct value *v, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct str text;
    enum status status = read_string(l, v, "`cmd`", &text, err);
    if (status != STATUS_OK)
        return status;
    if (str_find(text, '\n') < 0 && !is_blank(text)) {
        stage->commands = arena_copy(l->arena, &text, sizeof text);
        stage->command_count = 1;
        return STATUS_OK;
    }
    split_lines(l->arena, text, l->dialect != MANIFEST_DVC, &stage->commands, &stage->command_count);
    return STATUS_OK;
}

/* An item of a list is one command, whatever lines it has: so a script can be written out. */
static enum status load_command_list(struct loader *l, const struct value *v, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    stage->commands = arena_array(l->arena, struct str, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        struct str *command = &stage->commands[stage->command_count];
        enum status status = read_string(l, v->list.items[i], "an item of `cmd`", command, err);
        if (status != STATUS_OK)
            return status;
        while (command->len > 0 && command->ptr[command->len - 1] == '\n')
            command->len--;
        *command = str_dup(l->arena, *command);
        stage->command_count += !is_blank(*command);
    }
    return STATUS_OK;
}

enum status load_cmd(struct loader *l, const struct value *v, struct error *err)
{
    l->stage->cmd_at = (struct position){v->line, v->column};
    enum status status = STATUS_OK;
    if (v->type == VALUE_LIST)
        status = load_command_list(l, v, err);
    else if (is_text(v))
        status = load_command_string(l, v, err);
    else
        return read_type_error(l, v, "`cmd`", "a string or a list of strings", err);
    if (status == STATUS_OK && l->stage->command_count == 0)
        return REFUSE(l, v, err, "`cmd`%s is empty; say what to run", loader_where(l));
    return status;
}

enum status load_needs(struct loader *l, const struct value *v, struct error *err)
{
    enum status status = read_list(l, v, "`needs`", err);
    if (status != STATUS_OK || v->type == VALUE_NULL)
        return status;
    struct manifest_stage *stage = l->stage;
    struct seen seen = {0};
    stage->needs = arena_array(l->arena, struct manifest_path, v->list.count);
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++) {
        const struct value *item = v->list.items[i];
        struct manifest_path *need = &stage->needs[stage->needs_count++];
        need->at = (struct position){item->line, item->column};
        status = read_string(l, item, "an item of `needs`", &need->path, err);
        if (status == STATUS_OK && seen_add(&seen, need->path, 0) != TABLE_NONE)
            status = REFUSE(l, item, err, "the stage `" STR_FMT "` is in `needs`%s twice; remove one",
                            STR_ARG(need->path), loader_where(l));
    }
    seen_finish(&seen);
    return status;
}

/* Adds the commands of a list to `tools`, each once; there is room. */
static enum status add_tools(struct loader *l, const struct value *v, struct str *tools, uint32_t *count,
                             struct error *err)
{
    struct seen seen = {0};
    for (uint32_t i = 0; i < *count; i++)
        seen_add(&seen, tools[i], 0);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++) {
        struct str tool;
        status = read_string(l, v->list.items[i], "an item of `tools`", &tool, err);
        if (status == STATUS_OK && is_blank(tool))
            status = REFUSE(l, v->list.items[i], err, "an item of `tools`%s is blank; name a command", loader_where(l));
        if (status == STATUS_OK && seen_add(&seen, tool, 0) == TABLE_NONE)
            tools[(*count)++] = tool;
    }
    seen_finish(&seen);
    return status;
}

enum status load_common_tools(struct loader *l, const struct value *v, struct error *err)
{
    enum status status = read_list(l, v, "`tools`", err);
    if (status != STATUS_OK || v->type == VALUE_NULL)
        return status;
    l->tools = arena_array(l->arena, struct str, v->list.count);
    return add_tools(l, v, l->tools, &l->tool_count, err);
}

enum status load_tools(struct loader *l, const struct value *v, struct error *err)
{
    enum status status = read_list(l, v, "`tools`", err);
    if (status != STATUS_OK || v->type == VALUE_NULL)
        return status;
    struct manifest_stage *stage = l->stage;
    stage->tools = arena_array(l->arena, struct str, (size_t)l->tool_count + v->list.count);
    if (l->tool_count > 0)
        memcpy(stage->tools, l->tools, l->tool_count * sizeof *l->tools);
    return add_tools(l, v, stage->tools, &stage->tool_count, err);
}
