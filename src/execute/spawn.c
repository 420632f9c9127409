/* Starting one command with posix_spawn(), which shares our memory until the exec instead of copying it. */
#include "execute/execute.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/arena.h"

#define LOCK_DESCRIPTOR 3 /* in the command */

enum { SHELL_OPTIONS_MAX = 4 };

#define TERMINAL "/dev/tty" /* the one that controls the process, if any */

/* As execvp() has it where PATH is not set. */
#define DEFAULT_PATH "/bin:/usr/bin"

static struct str get_path(char *const *environment)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return str_from(*environment + 5);
    return STR(DEFAULT_PATH);
}

static bool is_program(int directory, const char *path)
{
    struct stat st;
    return fstatat(directory, path, &st, 0) == 0 && S_ISREG(st.st_mode) && faccessat(directory, path, X_OK, 0) == 0;
}

/* The path of a program, looked up in the PATH of the command's environment (posix_spawnp() takes ours). What is
 * relative in PATH is relative to the folder that the command runs in. */
static int find_program(const struct execution_options *options, const char *name, int directory, struct buf *out)
{
    buf_clear(out);
    if (strchr(name, '/') != NULL) {
        buf_str(out, str_from(name));
        return 0;
    }
    struct str rest = get_path(options->environment);
    for (;;) {
        ptrdiff_t colon = str_find(rest, ':');
        struct str folder = str_slice(rest, 0, colon < 0 ? rest.len : (size_t)colon);
        buf_clear(out);
        buf_print(out, STR_FMT "/%s", STR_ARG(folder.len > 0 ? folder : STR(".")), name);
        if (is_program(directory, out->ptr))
            return 0;
        if (colon < 0)
            return ENOENT;
        rest = str_slice(rest, (size_t)colon + 1, rest.len);
    }
}

/* The folder first and the lock last: setting descriptor 3 may end a descriptor of ours that has that number. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct execution_options *options, int directory)
{
    int code = posix_spawn_file_actions_addfchdir_np(actions, directory);
    bool own = options->log_fd < 0;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && code == 0 && !own; fd++)
        code = posix_spawn_file_actions_adddup2(actions, options->log_fd, fd);
    if (code == 0 && !options->console)
        code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0 && options->lock_fd >= 0) /* of equal numbers, only close-on-exec is cleared */
        code = posix_spawn_file_actions_adddup2(actions, options->lock_fd, LOCK_DESCRIPTOR);
    return code;
}

bool spawn_leave_terminal(void)
{
    int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENXIO;
    bool left = getsid(0) != getpid() && ioctl(fd, TIOCNOTTY) == 0;
    close(fd);
    return left;
}

static int set_attributes(posix_spawnattr_t *attributes, bool own_session)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int group = own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
    int code = posix_spawnattr_setflags(attributes,
                                        (short)(group | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &all);
    if (code == 0)
        code = posix_spawnattr_setsigmask(attributes, &none);
    return code;
}

static int spawn(const struct execution_options *options, const char *program, const char *const *arguments,
                 int directory, bool own_session, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int code = add_actions(&actions, options, directory);
    if (code == 0)
        code = set_attributes(&attributes, own_session);
    if (code == 0)
        code = posix_spawn(pid, program, &actions, &attributes, (char *const *)(uintptr_t)arguments,
                           options->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int spawn_in_shell(const struct execution_options *options, struct str command, int directory, bool own_session,
                          pid_t *pid)
{
    struct buf program = {0}, text = {0};
    buf_str(&text, command);
    buf_char(&text, '\0');
    const char *arguments[SHELL_OPTIONS_MAX + 4] = {options->shell};
    size_t count = 1;
    for (size_t i = 0; options->shell_options != NULL && options->shell_options[i] != NULL; i++) {
        assert(count <= SHELL_OPTIONS_MAX);
        arguments[count++] = options->shell_options[i];
    }
    arguments[count++] = "-c";
    arguments[count] = text.ptr;
    int code = find_program(options, options->shell, directory, &program);
    if (code == 0)
        code = spawn(options, program.ptr, arguments, directory, own_session, pid);
    buf_finish(&text);
    buf_finish(&program);
    return code;
}

/* PWD, as the shell would have it: as it is if that is the folder, or else the folder's path without links. NULL if it
 * cannot be told. malloc'd, and its new item is in `text`. */
static char **set_folder(char *const *environment, int directory, struct buf *text)
{
    char link[64], folder[PATH_MAX];
    struct stat here, there;
    size_t count = 0, at = 0;
    while (environment[count] != NULL)
        count++;
    while (at < count && strncmp(environment[at], "PWD=", strlen("PWD=")) != 0)
        at++;
    char **items = mem_alloc(mem_product(count + 2, sizeof *items));
    memcpy(items, environment, count * sizeof *items);
    if (at < count && environment[at][4] == '/' && stat(environment[at] + 4, &there) == 0 &&
        fstat(directory, &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return items;
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t len = readlink(link, folder, sizeof folder);
    if (len <= 0 || (size_t)len == sizeof folder || folder[0] != '/') {
        free(items);
        return NULL;
    }
    buf_print(text, "PWD=%.*s", (int)len, folder);
    items[at] = text->ptr;
    return items;
}

static bool spawn_directly(const struct execution_options *options, struct str command, int directory,
                           bool own_session, pid_t *pid)
{
    struct words words;
    struct buf program = {0}, text = {0};
    if (strcmp(options->shell, "/bin/sh") != 0 || options->shell_options != NULL || !words_split(command, &words))
        return false;
    struct execution_options in_folder = *options;
    char **environment = set_folder(options->environment, directory, &text);
    in_folder.environment = environment;
    bool begun = environment != NULL && find_program(options, words.items[0], directory, &program) == 0 &&
                 spawn(&in_folder, program.ptr, (const char *const *)words.items, directory, own_session, pid) == 0;
    free(environment);
    buf_finish(&text);
    buf_finish(&program);
    words_finish(&words);
    return begun;
}

bool spawn_command(const struct execution_options *options, struct str command, bool own_session, pid_t *pid,
                   struct buf *message)
{
    assert(options->lock_fd < 0 || options->lock_fd > STDERR_FILENO);
    if (str_find(command, '\0') >= 0) {
        buf_str(message, STR("the command contains a NUL byte"));
        return false;
    }
    int directory = open(options->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || faccessat(directory, ".", X_OK, 0) != 0) {
        buf_print(message, "cannot enter the working directory %s: %s", options->directory, strerror(errno));
        if (directory >= 0)
            close(directory);
        return false;
    }
    int code = 0;
    if (!spawn_directly(options, command, directory, own_session, pid))
        code = spawn_in_shell(options, command, directory, own_session, pid);
    if (code != 0)
        buf_print(message, "cannot start the shell %s: %s", options->shell, strerror(code));
    close(directory);
    return code == 0;
}
