/*
 * The file system: what the C library lacks. Blocking; safe on any thread.
 * Paths are C strings as the kernel takes them (relative to the process's working directory, which the program sets to
 * the project's root once, at its start). File descriptors are opened close-on-exec.
 */
#ifndef REFIT_BASE_FS_H
#define REFIT_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

/* Open a file to read it. ENOENT gives STATUS_NOT_FOUND. What might never end or never begin, such as a FIFO, is
 * refused without waiting; a folder is opened, and reading it fails. *fd is -1 if it fails. */
enum status fs_open(const char *path, int *fd, struct error *err);

/* Read a whole file (at most `bytes_max` bytes, else STATUS_IO). ENOENT gives STATUS_NOT_FOUND. A FIFO is refused,
 * since it might never end. */
enum status fs_read(const char *path, uint64_t bytes_max, struct buf *out, struct error *err);

/* Write a file so that it is there whole or not at all: into `temporary`, in a folder on the same file system that is
 * made if need be; optional fsync; rename; optional fsync of the folder. */
enum status fs_write_atomic(const char *path, const char *temporary, struct str bytes, mode_t mode, bool sync,
                            struct error *err);

/* Write all bytes, restarting short writes. */
enum status fs_write_all(int fd, const void *bytes, size_t len, const char *what, struct error *err);

/* Make a folder and its parents. Existing ones are fine. */
enum status fs_make_directories(const char *path, struct error *err);
enum status fs_make_parents(const char *path, struct error *err);

/* Remove a file or a tree, never following links. A missing path is fine. */
enum status fs_remove_tree(const char *path, struct error *err);

/* Move a file or a tree: by renaming, or across file systems by copying it (content, modes, links as links) to a
 * temporary beside `to`, renaming that, all of it synced, and then removing `from`. Parents of `to` are made. Never
 * follows links. */
enum status fs_move(const char *from, const char *to, struct error *err);

/* Copy a file or a tree to a name that is free: content, modes, links as links; synced. Parents are made. */
enum status fs_copy(const char *from, const char *to, struct error *err);

enum status fs_sync_directory(const char *path, struct error *err);
enum status fs_sync_parent(const char *path, struct error *err); /* of a file: its name is there for good */

/* lstat; *found is false for ENOENT and ENOTDIR. */
enum status fs_lstat(const char *path, struct stat *out, bool *found, struct error *err);

/* The clock of a folder's file system: the mtime that a file made there now gets, in ns. Falls back to the time of day
 * where nothing can be written. */
int64_t fs_clock_ns(const char *directory);

/* The text of a symbolic link, in `arena`. */
enum status fs_read_link(struct arena *arena, const char *path, struct str *out, struct error *err);

int64_t clock_wall_ms(void);      /* since the epoch */
int64_t clock_monotonic_ms(void); /* for durations */

#endif
