/* A command that a newline cut off inside quotes: each line of `cmd` is a command of its own. */
#include "manifest/loader.h"

/* Shells in which quotes mean what they mean here. */
static bool is_posix_shell(struct str shell)
{
    static const struct str names[] = {{"sh", 2}, {"bash", 4}, {"dash", 4}, {"ash", 3}, {"ksh", 3}, {"zsh", 3}};
    for (size_t at = shell.len; at-- > 0;)
        if (shell.ptr[at] == '/') {
            shell = str_slice(shell, at + 1, shell.len);
            break;
        }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal(shell, names[i]))
            return true;
    return false;
}

static bool begins_word(struct str text, size_t at)
{
    return at == 0 || str_find(STR(" \t\n;&|("), text.ptr[at - 1]) >= 0;
}

/* Is the last quote of a command open? False where that cannot be told: quotes within substitutions within quotes, and
 * $'...', are left to the shell. */
static bool ends_in_quotes(struct str text)
{
    char open = '\0';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && open != '\'') {
            i++;
        } else if (c == open) {
            open = '\0';
        } else if (open == '"' && (c == '`' || c == '$')) {
            if (c == '`' || (i + 1 < text.len && str_find(STR("({"), text.ptr[i + 1]) >= 0))
                return false;
        } else if (open == '\0' && c == '$' && i + 1 < text.len && text.ptr[i + 1] == '\'') {
            return false;
        } else if (open == '\0' && c == '#' && begins_word(text, i)) {
            ptrdiff_t end = str_find(str_slice(text, i, text.len), '\n');
            if (end < 0)
                return false;
            i += (size_t)end;
        } else if (open == '\0' && (c == '"' || c == '\'')) {
            open = c;
        }
    }
    return open != '\0';
}

enum status check_quotes(struct loader *l, struct error *err)
{
    const struct manifest_stage *stage = l->stage;
    if (!is_posix_shell(stage->shell))
        return STATUS_OK;
    for (uint32_t i = 0; i + 1 < stage->command_count; i++)
        if (ends_in_quotes(stage->commands[i]))
            return REFUSE(l, &stage->cmd_at, err,
                          "command %u of stage `" STR_FMT "` ends inside quotes: each line of `cmd` is a command of "
                          "its own; to write one over several lines, make it an item of a list (`cmd:`, then `- |`)",
                          i + 1, STR_ARG(stage->name));
    return STATUS_OK;
}
