/* Loading libgit2. The version is that of the headers: others may have other structures. */
#include "vcs/git2.h"

#include <dlfcn.h>
#include <string.h>

#include "refit/base/str.h"

#define LIBRARY "libgit2.so." LIBGIT2_SOVERSION

static enum status find(void *library, const char *name, void *place, struct error *err)
{
    void *found = dlsym(library, name);
    if (found == NULL)
        return error_set(err, STATUS_IO, "%s has no %s", LIBRARY, name);
    memcpy(place, &found, sizeof found); /* ISO C has no cast from an object's address to a function's */
    return STATUS_OK;
}

enum status git2_load(struct git2 *git, struct error *err)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    enum status status = STATUS_OK;
    if (library == NULL) {
        const char *why = dlerror();
        return error_set(err, STATUS_NOT_FOUND, "git repositories cannot be read: %s; install libgit2",
                         why ? why : LIBRARY " is not there");
    }
#define X(name)              \
    if (status == STATUS_OK) \
        status = find(library, #name, &git->name, err);
    GIT2_FUNCTIONS(X)
#undef X
    if (status == STATUS_OK && git->git_libgit2_init() < 0)
        return error_set(err, STATUS_IO, "libgit2 does not start");
#if LIBGIT2_VER_MAJOR > 1 || (LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR >= 5)
    if (status == STATUS_OK) /* nothing of the repository is executed */
        git->git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
#endif
    return status;
}
