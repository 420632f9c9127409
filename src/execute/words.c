/* Commands that need no shell: starting one costs as much as a small program. */
#include <stdlib.h>
#include <string.h>

#include "execute/execute.h"
#include "refit/base/arena.h"

/* What a shell, by POSIX or as dash, bash, ksh or busybox have it, does itself. */
static const char *const own_words[] = {
    ".", ":", "alias", "autoload", "bg", "bind", "break", "builtin", "caller", "case", "cd", "chdir", "command",
    "compgen", "complete", "compopt", "continue", "coproc", "declare", "dirs", "disown", "do", "done", "echo", "elif",
    "else", "enable", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for", "function",
    "getopts", "hash", "help", "hist", "history", "if", "in", "integer", "jobs", "kill", "let", "local", "logout",
    "mapfile", "nameref", "popd", "print", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return",
    "select", "set", "shift", "shopt", "sleep", "source", "stop", "suspend", "test", "then", "time", "times", "trap",
    "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "whence", "while",
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(" \t_-./+,:@%=", c) != NULL);
}

static bool is_own(const char *word)
{
    for (size_t i = 0; i < sizeof own_words / sizeof *own_words; i++)
        if (strcmp(word, own_words[i]) == 0)
            return true;
    return false;
}

bool words_split(struct str command, struct words *out)
{
    size_t cap = 0;
    *out = (struct words){0};
    for (size_t i = 0; i < command.len; i++)
        if (!is_plain(command.ptr[i]))
            return false;
    buf_str(&out->text, command);
    buf_char(&out->text, '\0');
    char *rest = NULL;
    for (char *word = strtok_r(out->text.ptr, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest)) {
        MEM_GROW(out->items, out->count, cap);
        out->items[out->count++] = word;
    }
    MEM_GROW(out->items, out->count, cap);
    out->items[out->count] = NULL;
    if (out->count > 0 && strchr(out->items[0], '=') == NULL && !is_own(out->items[0]))
        return true;
    words_finish(out);
    return false;
}

void words_finish(struct words *words)
{
    buf_finish(&words->text);
    free(words->items);
    *words = (struct words){0};
}
