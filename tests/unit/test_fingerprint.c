/* Fingerprints: digests of everything that can lie in a folder, what the stat cache may and may not be believed about,
 * and keys that change with each field and only then. Each test has a folder of its own as its working directory. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/fingerprint.h"
#include "scratch.h"

static char folder[SCRATCH_SIZE];
static struct arena arena;
static struct error err;
static struct state *state;
static struct fingerprint *fp;

static void open_context(void)
{
    if (state_open("../state", false, &state, &err) != STATUS_OK ||
        fingerprint_create(state, NULL, &fp, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static void close_context(void)
{
    fingerprint_destroy(fp);
    state_close(state);
}

/* As a later process would see it: what was remembered is kept, what this one knows besides is not. */
static void next_process(void)
{
    if (state_commit(state, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    close_context();
    open_context();
}

static int set_up(void **unused)
{
    (void)unused;
    arena_init(&arena);
    scratch_name(folder, "fingerprint");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("project", 0755) != 0 || chdir("project") != 0)
        return 1;
    open_context();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    close_context();
    arena_finish(&arena);
    return chdir("/") != 0 || fs_remove_tree(folder, &err) != STATUS_OK;
}

/* ---- files to digest ---- */

static void make_parents(const char *path)
{
    assert_int_equal(fs_make_parents(path, &err), STATUS_OK);
}

static void write_file(const char *path, const char *text)
{
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(fd, text, strlen(text), path, &err), STATUS_OK);
    close(fd);
}

static void make_link(const char *text, const char *path)
{
    make_parents(path);
    assert_int_equal(symlink(text, path), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(fs_make_directories(path, &err), STATUS_OK);
}

/* A file as old as it takes to be believed: mtime can be set, ctime cannot. */
static void set_time(const char *path, int64_t seconds)
{
    struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static struct digest_options dep_options(void)
{
    return (struct digest_options){.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX};
}

static struct digest_options out_options(void)
{
    return (struct digest_options){.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
}

static struct input look_with(const char *path, struct digest_options options)
{
    struct input input;
    bool complete = false;
    if (digest_path(fp, &arena, str_from(path), &options, &input, &complete, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_true(complete);
    return input;
}

static struct input look(const char *path)
{
    return look_with(path, dep_options());
}

static struct input look_out(const char *path)
{
    return look_with(path, out_options());
}

static void refuses(const char *path, struct digest_options options, const char *word)
{
    struct input input;
    bool complete;
    assert_int_equal(digest_path(fp, &arena, str_from(path), &options, &input, &complete, &err), STATUS_FAILED);
    if (strstr(err.message, word) == NULL)
        fail_msg("%s", err.message);
}

static void same(struct input a, struct input b)
{
    assert_true(digest_equal(a.digest, b.digest));
}

static void differ(struct input a, struct input b)
{
    assert_false(digest_equal(a.digest, b.digest));
}

/* What a digest_tree() lists, as text: kind, path, target. */
static void lists(const char *path, struct digest_options options, const char *want)
{
    struct tree tree;
    if (digest_tree(fp, &arena, str_from(path), &options, &tree, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    struct buf got = {0};
    buf_str(&got, STR(""));
    for (uint32_t i = 0; i < tree.count; i++) {
        const struct tree_entry *e = &tree.entries[i];
        const char *kind = e->kind == ENTRY_FILE ? e->executable ? "x" : "f" : e->kind == ENTRY_LINK ? "l" : "d";
        buf_print(&got, "%s " STR_FMT "%s" STR_FMT "\n", kind, STR_ARG(e->path), e->link.len ? " -> " : "",
                  STR_ARG(e->link));
        assert_true(i == 0 || str_compare(tree.entries[i - 1].path, e->path) < 0);
    }
    assert_string_equal(got.ptr, want);
    buf_finish(&got);
    struct input input = look_with(path, options);
    assert_int_equal(input.kind, ENTRY_DIRECTORY);
    assert_true(digest_equal(input.digest, tree_digest(&tree)));
}

/* ---- files ---- */

static void files_are_their_bytes(void **unused)
{
    (void)unused;
    write_file("a", "hello");
    write_file("d/b", "hello");
    write_file("c", "hellp");
    struct input a = look("a");
    assert_int_equal(a.kind, ENTRY_FILE);
    assert_false(a.executable);
    assert_int_equal(a.size, 5);
    assert_int_equal(a.link.len, 0);
    assert_true(digest_equal(a.digest, digest_of("hello", 5)));
    same(a, look("d/b"));
    same(a, look_out("a"));
    differ(a, look("c"));
    write_file("empty", "");
    assert_true(digest_equal(look("empty").digest, digest_of("", 0)));
    char *large = mem_alloc(3 << 20);
    memset(large, 'x', (3 << 20) - 1);
    write_file("large", large);
    assert_true(digest_equal(look("large").digest, digest_of(large, (3 << 20) - 1)));
    free(large);
}

static void only_the_users_executable_bit_counts(void **unused)
{
    (void)unused;
    static const mode_t plain[] = {0644, 0600, 0666, 0611}, executable[] = {0755, 0700, 0744};
    write_file("a", "x");
    write_file("d/a", "x");
    chmod("d/a", 0644);
    struct input without = look("d");
    for (size_t i = 0; i < 4; i++) {
        chmod("a", plain[i]);
        chmod("d/a", plain[i]);
        assert_false(look("a").executable);
        same(without, look("d"));
    }
    for (size_t i = 0; i < 3; i++) {
        chmod("a", executable[i]);
        chmod("d/a", executable[i]);
        assert_true(look("a").executable);
        assert_true(look_out("a").executable);
        differ(without, look("d"));
    }
}

static void what_is_missing_is_missing(void **unused)
{
    (void)unused;
    write_file("a", "x");
    assert_int_equal(look("none").kind, ENTRY_MISSING);
    assert_int_equal(look("none/b").kind, ENTRY_MISSING);
    assert_int_equal(look("a/b").kind, ENTRY_MISSING);
    assert_int_equal(look_out("none").kind, ENTRY_MISSING);
}

/* A touch changes the stats and nothing else. */
static void stats_tell_that_something_was_touched(void **unused)
{
    (void)unused;
    write_file("d/e/a", "x");
    write_file("d/b", "x");
    make_link("b", "d/link");
    struct input file = look("d/b"), tree = look("d");
    assert_true(digest_equal(tree.stats, look("d").stats));
    set_time("d/b", 1000);
    struct input touched = look("d");
    same(tree, touched);
    assert_false(digest_equal(tree.stats, touched.stats));
    same(file, look("d/b"));
    assert_false(digest_equal(file.stats, look("d/b").stats));
    set_time("d/e/a", 1000);
    assert_false(digest_equal(touched.stats, look("d").stats));
    touched = look("d");
    set_time("d/link", 1000);
    assert_false(digest_equal(touched.stats, look("d").stats));
    same(tree, look("d"));
    /* a file replaced by the same bytes is another file */
    touched = look("d");
    write_file("d/new", "x");
    set_time("d/new", 1000);
    assert_int_equal(rename("d/new", "d/b"), 0);
    same(touched, look("d"));
    assert_false(digest_equal(touched.stats, look("d").stats));
}

/* ---- directories ---- */

static void trees_do_not_depend_on_the_order_of_creation(void **unused)
{
    (void)unused;
    static const char *const names[] = {"a", "a.b", "b/c", "b-c", "b.c/d", "z/y/x", "Z", "\xff", "new\nline"};
    enum { COUNT = sizeof names / sizeof *names };
    char path[64];
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "one/%s", names[i]);
        write_file(path, names[i]);
        snprintf(path, sizeof path, "two/%s", names[COUNT - 1 - i]);
        write_file(path, names[COUNT - 1 - i]);
    }
    same(look("one"), look("two"));
    same(look_out("one"), look_out("two"));
    lists("one", dep_options(), "f Z\nf a\nf a.b\nf b-c\nf b.c/d\nf b/c\nf new\nline\nf z/y/x\nf \xff\n");
    assert_int_equal(look("one").size, 1 + 3 + 3 + 3 + 5 + 5 + 1 + 1 + 8);
    assert_int_equal(rename("two/a", "two/aa"), 0);
    differ(look("one"), look("two"));
}

/* Empty folders sort among the files by their names alone. */
static void outs_have_empty_folders_and_deps_do_not(void **unused)
{
    (void)unused;
    write_file("d/a.b", "x");
    write_file("d/a-", "x");
    struct input dep = look("d"), out = look_out("d");
    make_folder("d/a/b/c");
    make_folder("d/z");
    make_folder("d/a.c");
    make_folder("d/a.c-");
    lists("d", dep_options(), "f a-\nf a.b\n");
    lists("d", out_options(), "f a-\nf a.b\nd a.c\nd a.c-\nd a/b/c\nd z\n");
    same(dep, look("d"));
    differ(out, look_out("d"));
    make_folder("e/a");
    write_file("e/a.b", "x");
    write_file("e/a-b/c", "x");
    lists("e", out_options(), "d a\nf a-b/c\nf a.b\n");
    make_folder("nothing");
    lists("nothing", dep_options(), "");
    lists("nothing", out_options(), "");
    same(look("nothing"), look("d/a"));
}

static void ignored_files_are_left_out_of_deps(void **unused)
{
    (void)unused;
    write_file("d/a.py", "x");
    struct input before = look("d"), out = look_out("d");
    write_file("d/__pycache__/a.pyc", "x");
    write_file("d/b.pyc", "x");
    write_file("d/.git/config", "x");
    assert_int_equal(mkfifo("d/c.pyc", 0600), 0);
    same(before, look("d"));
    lists("d", dep_options(), "f a.py\n");
    assert_int_equal(unlink("d/c.pyc"), 0);
    differ(out, look_out("d"));
    lists("d", out_options(), "f .git/config\nf __pycache__/a.pyc\nf a.py\nf b.pyc\n");
    write_file(".refitignore", "/d/*.log\n!/d/keep.log\ntmp/\n");
    write_file("d/x.log", "x");
    write_file("d/tmp/y", "x");
    write_file("d/e/x.log", "x");
    close_context();
    open_context();
    lists("d", dep_options(), "f a.py\nf e/x.log\n");
    write_file("d/keep.log", "x");
    lists("d", dep_options(), "f a.py\nf e/x.log\nf keep.log\n");
    /* what is named is not ignored */
    assert_int_equal(look("d/x.log").kind, ENTRY_FILE);
}

static void special_files_are_refused(void **unused)
{
    (void)unused;
    make_folder("d");
    assert_int_equal(mkfifo("d/fifo", 0600), 0);
    refuses("d", dep_options(), "FIFO");
    refuses("d", out_options(), "FIFO");
    refuses("d/fifo", dep_options(), "FIFO");
    refuses("d/fifo", out_options(), "FIFO");
    make_link("fifo", "d/link");
    refuses("d/link", dep_options(), "FIFO");
    make_link("/dev/null", "null");
    refuses("null", dep_options(), "device");
}

/* ---- links ---- */

static void a_dep_that_is_a_link_is_its_text_and_its_target(void **unused)
{
    (void)unused;
    write_file("a", "x");
    write_file("b", "x");
    make_link("a", "link");
    struct input input = look("link"), target = look("a");
    assert_int_equal(input.kind, ENTRY_FILE);
    assert_true(str_is(input.link, "a"));
    same(input, target);
    assert_string_equal(input_text(&arena, &input).ptr,
                        str_format(&arena, "link a, " STR_FMT, STR_ARG(input_text(&arena, &target))).ptr);
    assert_int_equal(unlink("link"), 0);
    make_link("./b", "link");
    struct input other = look("link");
    same(input, other);
    assert_false(str_equal(input_text(&arena, &input), input_text(&arena, &other)));
    write_file("b", "y");
    differ(other, look("link"));
    /* to a folder, and to nothing */
    write_file("d/x", "x");
    make_link("d", "to_d");
    assert_int_equal(look("to_d").kind, ENTRY_DIRECTORY);
    same(look("to_d"), look("d"));
    make_link("nowhere", "dangling");
    input = look("dangling");
    assert_int_equal(input.kind, ENTRY_MISSING);
    assert_true(str_is(input.link, "nowhere"));
    make_link("loop2", "loop1");
    make_link("loop1", "loop2");
    refuses("loop1", dep_options(), "back to itself");
}

static void links_within_a_tree_are_their_text(void **unused)
{
    (void)unused;
    write_file("d/sub/a", "x");
    make_link("sub/a", "d/link");
    make_link("nowhere", "d/dangling");
    lists("d", dep_options(), "l dangling -> nowhere\nl link -> sub/a\nf sub/a\n");
    struct input before = look("d");
    assert_int_equal(unlink("d/link"), 0);
    make_link("./sub/a", "d/link");
    differ(before, look("d"));
    /* a folder in the tree is not walked twice */
    make_link("sub", "d/again");
    lists("d", dep_options(), "l again -> sub\nl dangling -> nowhere\nl link -> ./sub/a\nf sub/a\n");
}

static void links_out_of_a_tree_are_followed_for_deps(void **unused)
{
    (void)unused;
    write_file("outside/a", "x");
    write_file("d/own", "x");
    make_link("../outside/a", "d/file");
    make_link("../outside", "d/folder");
    struct input before = look("d"), out = look_out("d");
    write_file("outside/a", "y");
    differ(before, look("d"));
    same(out, look_out("d"));
    write_file("outside/a", "x");
    same(before, look("d"));
    chmod("outside/a", 0755);
    differ(before, look("d"));
    chmod("outside/a", 0644);
    struct input touched = look("d");
    set_time("outside/a", 1000);
    same(touched, look("d"));
    assert_false(digest_equal(touched.stats, look("d").stats));
    write_file("outside/more", "x");
    differ(before, look("d"));
    lists("d", out_options(), "l file -> ../outside/a\nl folder -> ../outside\nf own\n");
    /* absolute, and out of the project */
    write_file("../far", "x");
    make_link(str_format(&arena, "%s/far", folder).ptr, "d/far");
    struct input far = look("d");
    write_file("../far", "y");
    differ(far, look("d"));
}

static void links_that_go_round_are_refused(void **unused)
{
    (void)unused;
    make_link("self", "a/self");
    refuses("a", dep_options(), "back to itself");
    refuses("a", out_options(), "back to itself");
    make_link("..", "b/up");
    refuses("b", dep_options(), "folder that contains it");
    make_link("../..", "c/deep/up");
    refuses("c", dep_options(), "folder that contains it");
    refuses("c/deep", dep_options(), "folder that contains it");
    make_link(".", "e/here");
    refuses("e", dep_options(), "folder that contains it");
    /* two folders that lead to each other */
    make_link("../g", "f/to_g");
    make_link("../f", "g/to_f");
    refuses("f", dep_options(), "without end");
    /* a link to the folder itself, given by another name */
    make_link("f", "name");
    refuses("name", dep_options(), "without end");
}

static void links_of_outs_stay_in_the_project(void **unused)
{
    (void)unused;
    write_file("a", "x");
    write_file("../far", "x");
    make_link("a", "link");
    struct input input = look_out("link");
    assert_int_equal(input.kind, ENTRY_LINK);
    assert_true(digest_equal(input.digest, digest_of("a", 1)));
    assert_true(str_is(input.link, "a"));
    assert_int_equal(input.size, 1);
    make_link("nowhere/x", "dangling");
    assert_int_equal(look_out("dangling").kind, ENTRY_LINK);
    make_link(str_format(&arena, "%s/project/a", folder).ptr, "absolute");
    assert_int_equal(look_out("absolute").kind, ENTRY_LINK);
    make_link("../a", "d/up");
    assert_int_equal(look_out("d/up").kind, ENTRY_LINK);
    static const char *const outside[] = {"../../far", "../../none", "/etc/passwd", "/none", "../../project2"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        make_link(outside[i], "e/out");
        refuses("e/out", out_options(), "outside the project");
        refuses("e", out_options(), "outside the project");
        assert_int_equal(unlink("e/out"), 0);
    }
    /* through a link of its own folder: what counts is where it leads */
    make_link("..", "d/parent");
    make_link("parent/../far", "d/hidden");
    refuses("d/hidden", out_options(), "outside the project");
}

/* ---- budgets ---- */

static void a_budget_is_kept(void **unused)
{
    (void)unused;
    struct digest_options options = dep_options();
    struct input input;
    bool complete = true;
    write_file("a", "0123456789");
    options.budget_bytes = 9;
    assert_int_equal(digest_path(fp, &arena, STR("a"), &options, &input, &complete, &err), STATUS_OK);
    assert_false(complete);
    assert_int_equal(input.size, 10);
    options.budget_bytes = 10;
    look_with("a", options);
    /* what is known costs nothing */
    options.budget_bytes = 0;
    assert_true(digest_equal(look_with("a", options).digest, digest_of("0123456789", 10)));
    write_file("d/b", "0123456789");
    write_file("d/e/c", "012345");
    options.budget_bytes = 15;
    assert_int_equal(digest_path(fp, &arena, STR("d"), &options, &input, &complete, &err), STATUS_OK);
    assert_false(complete);
    assert_int_equal(input.size, 16);
    struct tree tree;
    assert_int_equal(digest_tree(fp, &arena, STR("d"), &options, &tree, &err), STATUS_IO);
    look("d/b");
    options.budget_bytes = 6;
    look_with("d", options);
    options.budget_bytes = 0;
    look_with("d", options);
    /* through links, too: the size says what is to be read, so that the next try can be given it */
    write_file("outside/large", "0123456789");
    make_link("../outside/large", "linked/file");
    assert_int_equal(digest_path(fp, &arena, STR("linked"), &options, &input, &complete, &err), STATUS_OK);
    assert_false(complete);
    assert_true(input.size >= 10);
    options.budget_bytes = input.size;
    look_with("linked", options);
}

static void count_bytes(void *ctx, uint64_t bytes)
{
    *(uint64_t *)ctx += bytes;
}

static void progress_is_what_was_read(void **unused)
{
    (void)unused;
    uint64_t bytes = 0;
    struct digest_options options = dep_options();
    options.progress = count_bytes;
    options.ctx = &bytes;
    char *large = mem_alloc(2 << 20);
    memset(large, 'x', (2 << 20) - 1);
    write_file("d/large", large);
    free(large);
    look_with("d", options);
    assert_int_equal(bytes, (2 << 20) - 1);
    look_with("d", options);
    assert_int_equal(bytes, (2 << 20) - 1);
}

/* ---- the stat cache ---- */

static struct file_stat stat_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return file_stat_of(&st);
}

/* A cache that says something wrong shows whether it was believed. */
static void digests_are_believed_when_nothing_changed(void **unused)
{
    (void)unused;
    struct digest lie = digest_of("lie", 3), truth = digest_of("truth", 5);
    write_file("a", "truth");
    struct file_stat stat = stat_of("a");
    stat_cache_put(state, STR("a"), &stat, INT64_MAX, lie); /* hashed long after */
    assert_true(digest_equal(look("a").digest, lie));
    assert_false(look("a").racy);
    next_process();
    assert_true(digest_equal(look("a").digest, lie));
    struct digest_options options = dep_options();
    options.verify = true; /* doubts only what is racy */
    assert_true(digest_equal(look_with("a", options).digest, lie));
    /* any other stat, and it is read */
    struct file_stat forged[] = {stat, stat, stat, stat};
    forged[0].inode++;
    forged[1].size++;
    forged[2].mtime_ns--;
    forged[3].ctime_ns--;
    struct digest got;
    for (int i = 0; i < 4; i++)
        assert_false(stat_cache_get(state, STR("a"), &forged[i], &got));
    assert_true(stat_cache_get(state, STR("a"), &stat, &got));
    set_time("a", 1000);
    assert_true(digest_equal(look("a").digest, truth));
    assert_false(stat_cache_get(state, STR("a"), &stat, &got));
}

static void racy_digests_are_believed_in_one_process_only(void **unused)
{
    (void)unused;
    struct digest lie = digest_of("lie", 3), truth = digest_of("truth", 5);
    write_file("a", "truth");
    write_file("d/a", "truth");
    struct file_stat stat = stat_of("a"), below = stat_of("d/a");
    int64_t hashed_ns = stat.ctime_ns + STAT_CACHE_RACY_NS - 1;
    stat_cache_put(state, STR("a"), &stat, hashed_ns, lie);
    stat_cache_put(state, STR("d/a"), &below, below.ctime_ns + STAT_CACHE_RACY_NS - 1, lie);
    assert_true(stat_cache_is_racy(state, STR("a"), &stat));
    assert_true(digest_equal(look("a").digest, lie));
    assert_true(look("a").racy);
    assert_true(look("d").racy);
    struct input believed = look("d");
    /* verify does not believe it */
    struct digest_options options = dep_options();
    options.verify = true;
    assert_true(digest_equal(look_with("a", options).digest, truth));
    differ(believed, look_with("d", options));
    assert_true(digest_equal(look("a").digest, truth)); /* and what it found is what is known now */
    /* nor does another process */
    stat_cache_put(state, STR("a"), &stat, hashed_ns, lie);
    stat_cache_put(state, STR("d/a"), &below, below.ctime_ns + STAT_CACHE_RACY_NS - 1, lie);
    next_process();
    assert_true(digest_equal(look("a").digest, truth));
    differ(believed, look("d"));
    /* exactly old enough is old enough */
    stat_cache_put(state, STR("a"), &stat, stat.ctime_ns + STAT_CACHE_RACY_NS, lie);
    assert_false(stat_cache_is_racy(state, STR("a"), &stat));
}

/* The same size and mtime as before, as a tool that restores times leaves it: the ctime gives it away. */
static void rewritten_files_are_seen(void **unused)
{
    (void)unused;
    write_file("a", "one");
    write_file("d/a", "one");
    set_time("a", 1000);
    set_time("d/a", 1000);
    struct input file = look("a"), tree = look("d");
    struct file_stat before = stat_of("a");
    for (int tries = 0; tries < 1000 && stat_of("a").ctime_ns == before.ctime_ns; tries++) {
        usleep(1000);
        write_file("a", "two");
        set_time("a", 1000);
    }
    write_file("d/a", "two");
    set_time("d/a", 1000);
    struct file_stat after = stat_of("a");
    assert_true(after.mtime_ns == before.mtime_ns && after.size == before.size && after.inode == before.inode);
    differ(file, look("a"));
    differ(tree, look("d"));
    assert_false(digest_equal(file.stats, look("a").stats));
}

/* ---- threads ---- */

static void *digest_in_thread(void *result)
{
    struct arena own;
    struct error fault;
    struct input input;
    struct digest_options options = dep_options();
    bool complete;
    arena_init(&own);
    if (digest_path(fp, &own, STR("d"), &options, &input, &complete, &fault) == STATUS_OK)
        *(struct digest *)result = input.digest;
    arena_finish(&own);
    return NULL;
}

static void threads_digest_at_once(void **unused)
{
    (void)unused;
    enum { THREADS = 4, FILES = 200 };
    char path[32];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "d/%d/%d", i % 7, i);
        write_file(path, path);
    }
    pthread_t threads[THREADS];
    struct digest digests[THREADS] = {{{0}}};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, digest_in_thread, &digests[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_true(digest_equal(digests[i], look("d").digest));
}

/* ---- with a store ---- */

static void digesting_can_store_from_the_same_read(void **unused)
{
    (void)unused;
    struct store *store;
    struct digest_options options = out_options();
    assert_int_equal(store_open("../store", &(struct store_options){.compression = 3}, &store, &err), STATUS_OK);
    options.store = store;
    write_file("d/a", "hello");
    make_link("a", "d/link");
    make_folder("d/empty");
    struct input known = look_out("d"); /* the stat cache knows it now; the store does not have it */
    struct input input = look_with("d", options);
    same(known, input);
    bool has = false;
    assert_int_equal(store_has(store, digest_of("hello", 5), &has, &err), STATUS_OK);
    assert_true(has);
    struct buf bytes = {0};
    struct tree tree;
    assert_int_equal(store_get_bytes(store, input.digest, &bytes, &err), STATUS_OK);
    assert_int_equal(tree_decode(&arena, buf_view(&bytes), &tree, &err), STATUS_OK);
    assert_int_equal(tree.count, 3);
    buf_clear(&bytes);
    input = look_with("d/link", options);
    assert_int_equal(store_get_bytes(store, input.digest, &bytes, &err), STATUS_OK);
    assert_string_equal(bytes.ptr, "a");
    buf_finish(&bytes);
    store_close(store);
}

/* ---- fields and keys ---- */

/* A stage with something of everything. */
struct sample {
    struct manifest_stage stage;
    struct manifest manifest;
    struct graph graph;
    struct str commands[3];
    struct manifest_path deps[2];
    struct manifest_params params[2];
    struct manifest_key keys[3];
    struct manifest_out outs[2];
    struct manifest_env env[3];
    struct str tools[2];
};

static struct sample *sample_create(void)
{
    struct sample *s = arena_new(&arena, struct sample);
    s->commands[0] = STR("make it");
    s->deps[0].path = STR("a");
    s->params[0] = (struct manifest_params){.path = STR("params.yaml"), .at = {3, 4}, .keys = s->keys, .key_count = 1};
    s->keys[0] = (struct manifest_key){.key = STR("train"), .at = {3, 9}};
    s->outs[0] = (struct manifest_out){.path = STR("out"), .cache = true};
    s->env[0] = (struct manifest_env){.name = STR("REFIT_TEST_SECRET")};
    s->env[1] = (struct manifest_env){.name = STR("REFIT_TEST_SHOWN"), .show = true};
    s->env[2] = (struct manifest_env){.name = STR("SET"), .has_value = true, .value = STR("1")};
    s->tools[0] = STR("cc --version");
    s->stage = (struct manifest_stage){
        .name = STR("it"), .file = STR("refit.yaml"), .commands = s->commands, .command_count = 1, .wdir = STR("."),
        .shell = STR("/bin/sh"),
        .deps = s->deps, .dep_count = 1, .params = s->params, .params_count = 1, .outs = s->outs, .out_count = 1,
        .env = s->env, .env_count = 3, .tools = s->tools, .tool_count = 1, .depfile = STR("it.d")};
    s->manifest = (struct manifest){.stages = &s->stage, .stage_count = 1};
    return s;
}

static enum status fields_of(struct sample *s, struct fields *fields)
{
    assert_int_equal(graph_build(&arena, &s->manifest, &s->graph, &err), STATUS_OK);
    struct input inputs[2];
    for (uint32_t i = 0; i < s->graph.stages[0].dep_count; i++)
        inputs[i] = look(s->graph.files[s->graph.stages[0].deps[i].index].path.ptr);
    enum status status = fingerprint_fields(fp, &arena, &s->graph, (struct stage_id){0}, inputs, fields, &err);
    graph_finish(&s->graph);
    return status;
}

static struct fields take(struct sample *s)
{
    struct fields fields;
    if (fields_of(s, &fields) != STATUS_OK)
        fail_msg("%s", err.message);
    for (uint32_t i = 1; i < fields.count; i++) {
        const struct field *a = &fields.items[i - 1], *b = &fields.items[i];
        bool numbered = a->tag == FIELD_COMMAND && b->tag == FIELD_COMMAND;
        assert_true(a->tag < b->tag || (a->tag == b->tag && (numbered || str_compare(a->name, b->name) < 0)));
    }
    return fields;
}

static struct digest key_of(struct sample *s)
{
    struct fields fields = take(s);
    return fields_key(&fields);
}

static void prepare(void)
{
    setenv("REFIT_TEST_SECRET", "secret", 1);
    setenv("REFIT_TEST_SHOWN", "plain", 1);
    write_file("a", "x");
    write_file("b", "x");
    write_file("params.yaml", "train: {lr: 0.1, layers: [1, 2]}\nother: 1\n");
    fingerprint_set_tool(fp, STR("cc --version"), STR("cc 1\n"));
    fingerprint_set_tool(fp, STR("ld --version"), STR("ld 1"));
}

static void fields_list_what_decides(void **unused)
{
    (void)unused;
    prepare();
    struct fields fields = take(sample_create());
    struct buf got = {0};
    char hex[2][DIGEST_HEX + 1];
    for (uint32_t i = 0; i < fields.count; i++)
        buf_print(&got, "%s|" STR_FMT "|" STR_FMT "\n", field_tag_name(fields.items[i].tag),
                  STR_ARG(fields.items[i].name), STR_ARG(fields.items[i].value));
    const char *rest = strchr(got.ptr, '\n') + 1; /* the platform is that of the machine */
    assert_memory_equal(got.ptr, "platform||linux-", 16);
    assert_string_equal(rest, str_format(&arena,
                                         "cmd|0|make it\n"
                                         "shell||/bin/sh\n"
                                         "wdir||.\n"
                                         "env|REFIT_TEST_SECRET|xxh3 %s\n"
                                         "env|REFIT_TEST_SHOWN|=plain\n"
                                         "env|SET|=1\n"
                                         "params|params.yaml:train.layers|[1,2]\n"
                                         "params|params.yaml:train.lr|0.1\n"
                                         "tools|cc --version|cc 1\n"
                                         "deps|a|file %s\n"
                                         "outs|out|cached\n"
                                         "depfile||it.d\n",
                                         digest_hex(digest_of("secret", 6), hex[0]),
                                         digest_hex(digest_of("x", 1), hex[1])).ptr);
    buf_finish(&got);
}

/* Each line changes one thing. */
static void change(struct sample *s, int what)
{
    switch (what) {
    case 0: s->stage.portable = true; break;
    case 1: s->commands[0] = STR("make  it"); break;
    case 2: s->commands[1] = STR("and more"); s->stage.command_count = 2; break;
    case 3: s->stage.shell = STR("/bin/bash"); break;
    case 4: s->stage.wdir = STR("sub"); break;
    case 5: setenv("REFIT_TEST_SECRET", "secreT", 1); break;
    case 6: setenv("REFIT_TEST_SECRET", "", 1); break;
    case 7: unsetenv("REFIT_TEST_SECRET"); break;
    case 8: setenv("REFIT_TEST_SHOWN", "other", 1); break;
    case 9: setenv("REFIT_TEST_SHOWN", "", 1); break;
    case 10: unsetenv("REFIT_TEST_SHOWN"); break;
    case 11: s->env[2].value = STR("2"); break;
    case 12: s->env[2].value = STR(""); break;
    case 13: s->stage.env_count = 2; break;
    case 14: write_file("params.yaml", "train: {lr: 0.2, layers: [1, 2]}\n"); break;
    case 15: write_file("params.yaml", "train: {lr: \"0.1\", layers: [1, 2]}\n"); break;
    case 16: write_file("params.yaml", "train: {lr: 0.1, layers: [1, 2.0]}\n"); break;
    case 17: write_file("params.yaml", "train: {lr: 0.1, layers: [2, 1]}\n"); break;
    case 18: write_file("params.yaml", "train: {layers: [1, 2]}\n"); break;
    case 19: write_file("params.yaml", "train: {lr: 0.1, layers: [1, 2], more: ~}\n"); break;
    case 20: write_file("params.yaml", "train: {lr: 1, layers: [1, 2]}\n"); break;
    case 21: write_file("params.yaml", "train: {lr: 1.0, layers: [1, 2]}\n"); break;
    case 22: write_file("params.yaml", "train: {lr: \"1\", layers: [1, 2]}\n"); break;
    case 23: write_file("params.yaml", "train: {lr: true, layers: [1, 2]}\n"); break;
    case 24: write_file("params.yaml", "train: {lr: \"true\", layers: [1, 2]}\n"); break;
    case 25: write_file("params.yaml", "train: {}\n"); break;
    case 26: write_file("params.yaml", "train: ~\n"); break;
    case 27: s->keys[0].key = STR("train.lr"); break;
    case 28: fingerprint_set_tool(fp, STR("cc --version"), STR("cc 2")); break;
    case 29: s->tools[0] = STR("ld --version"); break;
    case 30: s->tools[1] = STR("ld --version"); s->stage.tool_count = 2; break;
    case 31: write_file("a", "y"); break;
    case 32: chmod("a", 0755); break;
    case 33: s->deps[0].path = STR("b"); break;
    case 34: s->deps[1].path = STR("b"); s->stage.dep_count = 2; break;
    case 35: s->outs[0].path = STR("out2"); break;
    case 36: s->outs[0].cache = false; break;
    case 37: s->outs[0].persist = true; break;
    case 38: s->outs[1] = (struct manifest_out){.path = STR("p"), .cache = true}; s->stage.out_count = 2; break;
    case 39: s->stage.depfile = STR("other.d"); break;
    case 40: s->stage.depfile = STR(""); break;
    case 41: unlink("a"); make_link("b", "a"); break;
    case 42: unlink("a"); write_file("a/x", "x"); break;
    default: assert_true(false);
    }
}

enum { CHANGES = 43 };

static void every_field_changes_the_key(void **unused)
{
    (void)unused;
    struct digest keys[CHANGES + 1];
    for (int what = 0; what <= CHANGES; what++) {
        assert_int_equal(fs_remove_tree("a", &err), STATUS_OK);
        prepare();
        struct sample *s = sample_create();
        if (what < CHANGES)
            change(s, what);
        keys[what] = key_of(s);
        for (int i = 0; i < what; i++)
            if (digest_equal(keys[i], keys[what]))
                fail_msg("changes %d and %d give the same key", i, what);
    }
}

static void nothing_else_changes_the_key(void **unused)
{
    (void)unused;
    prepare();
    struct sample *s = sample_create();
    struct digest key = key_of(s);
    s->stage.name = STR("another");
    s->stage.desc = STR("words");
    s->stage.at.line = 77;
    s->stage.kind = STAGE_MODEL;
    s->stage.timeout_ms = 5;
    s->stage.retries = 3;
    s->stage.always_changed = s->stage.console = true;
    s->outs[0].kind = OUT_METRIC;
    s->outs[0].at.line = 12;
    struct manifest_resource cpus = {.name = STR("cpus"), .amount = 1};
    s->stage.resources = &cpus;
    s->stage.resource_count = 1;
    setenv("REFIT_TEST_UNDECLARED", "x", 1);
    write_file("undeclared", "x");
    set_time("a", 1000);
    write_file("params.yaml", "# a comment\nother: 2\ntrain:\n  layers: [1, 2]\n  lr: 1e-1\n");
    fingerprint_set_tool(fp, STR("ld --version"), STR("ld 2"));
    fingerprint_set_tool(fp, STR("cc --version"), STR("  cc 1\n\n"));
    assert_true(digest_equal(key, key_of(s)));
    next_process();
    fingerprint_set_tool(fp, STR("cc --version"), STR("cc 1"));
    assert_true(digest_equal(key, key_of(s)));
    /* a key of a group that is named beside it, twice */
    s->keys[1] = s->keys[2] = (struct manifest_key){.key = STR("train.lr"), .at = {3, 9}};
    s->params[0].key_count = 3;
    assert_true(digest_equal(key, key_of(s)));
}

static void the_order_of_declaration_does_not_count(void **unused)
{
    (void)unused;
    prepare();
    struct sample *s = sample_create();
    s->deps[1].path = STR("b");
    s->outs[1] = (struct manifest_out){.path = STR("p"), .cache = true};
    s->tools[1] = STR("ld --version");
    s->stage.dep_count = s->stage.out_count = s->stage.tool_count = s->stage.command_count = 2;
    s->commands[1] = STR("x");
    struct digest key = key_of(s);
    s->deps[0].path = STR("b");
    s->deps[1].path = STR("a");
    s->outs[0].path = STR("p");
    s->outs[1].path = STR("out");
    s->tools[0] = STR("ld --version");
    s->tools[1] = STR("cc --version");
    struct manifest_env env = s->env[0];
    s->env[0] = s->env[2];
    s->env[2] = env;
    assert_true(digest_equal(key, key_of(s)));
    s->commands[0] = STR("x"); /* but that of commands does */
    s->commands[1] = STR("make it");
    assert_false(digest_equal(key, key_of(s)));
}

static void many_commands_stay_in_order(void **unused)
{
    (void)unused;
    prepare();
    struct sample *s = sample_create();
    struct str commands[12];
    for (uint32_t i = 0; i < 12; i++)
        commands[i] = str_format(&arena, "command %u", i);
    s->stage.commands = commands;
    s->stage.command_count = 12;
    struct fields fields = take(s);
    for (uint32_t i = 0; i < 12; i++)
        assert_true(str_equal(fields.items[1 + i].value, commands[i]));
}

/* Two values that are not the same never have the same fields, however their keys are spelt. */
static void names_of_parameters_are_unambiguous(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "a: {b: 1}", "\"a.b\": 1", "\"a:\": {b: 1}", "\"a:b\": 1", "\"\": {b: 1}", "b: 1", "\"\\\"a\\\"\": {b: 1}",
        "\".\": {\".\": 1}", "\".\\\".\\\".\": 1", "\"\\\"\": {\"\\\"\": 1}", "\"\\\"\\\".\\\"\\\"\": 1",
        "a: {\"\": 1}",
        "a: 1", "\":\": {b: 1}", "\":b\": 1", "\":\": {\":\": 1}", "\"::\": 1", "\"\\\\\\\"\": 1",
        "\"\\\\\": {\"\\\"\": 1}",
        "\"\\\\.\": 1", "\"\\\\\": {\"\": 1}", "{}", "a: {}", "a: {b: {}}",
    };
    enum { COUNT = sizeof texts / sizeof *texts };
    prepare();
    struct sample *s = sample_create();
    s->params[0].whole = true;
    s->params[0].key_count = 0;
    struct digest keys[COUNT];
    for (int i = 0; i < COUNT; i++) {
        unlink("params.yaml");
        write_file("params.yaml", texts[i]);
        keys[i] = key_of(s);
        for (int j = 0; j < i; j++)
            if (digest_equal(keys[i], keys[j]))
                fail_msg("%s and %s give the same key", texts[i], texts[j]);
    }
}

static void parameter_errors_say_where_and_what(void **unused)
{
    (void)unused;
    prepare();
    struct fields fields;
    struct sample *s = sample_create();
    s->keys[0].key = STR("train.rl");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.message, "params.yaml has no key `train.rl`; did you mean `train.lr`?");
    assert_string_equal(err.file, "refit.yaml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    s->keys[0].key = STR("trian");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.message, "params.yaml has no key `trian`; did you mean `train`?");
    s->keys[0].key = STR("wholly.other");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.message, "params.yaml has no key `wholly.other`; add it, or take it out of `params`");
    s->params[0].path = STR("none.yaml");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.message, "the parameter file none.yaml does not exist; make it, or correct the name");
    assert_int_equal(err.column, 4);
    write_file("broken.yaml", "a: [\n");
    s->params[0].path = STR("broken.yaml");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.file, "broken.yaml");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST); /* it is not remembered as read */
    write_file("p.txt", "a=1");
    s->params[0].path = STR("p.txt");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_string_equal(err.file, "refit.yaml");
    assert_int_equal(mkfifo("fifo.yaml", 0600), 0);
    s->params[0].path = STR("fifo.yaml");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    assert_non_null(strstr(err.message, "not a regular file"));
    make_folder("folder.yaml");
    s->params[0].path = STR("folder.yaml");
    assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
    /* whole, it counts as bytes */
    s->params[0] = (struct manifest_params){.path = STR("p.txt"), .whole = true};
    struct digest key = key_of(s);
    write_file("p.txt", "a=22");
    assert_false(digest_equal(key, key_of(s)));
}

static void parameter_files_are_checked_unless_they_are_made(void **unused)
{
    (void)unused;
    prepare();
    struct sample *s = sample_create();
    s->keys[0].key = STR("none");
    assert_int_equal(graph_build(&arena, &s->manifest, &s->graph, &err), STATUS_OK);
    assert_int_equal(fingerprint_check_params(fp, &s->graph, (struct stage_id){0}, &err), STATUS_MANIFEST);
    s->stage.frozen = true;
    assert_int_equal(fingerprint_check_params(fp, &s->graph, (struct stage_id){0}, &err), STATUS_OK);
    graph_finish(&s->graph);
    struct manifest_out made = {.path = STR("params.yaml"), .cache = true};
    struct manifest_stage stages[] = {s->stage, {.name = STR("maker"), .outs = &made, .out_count = 1}};
    stages[0].frozen = false;
    struct manifest two = {.stages = stages, .stage_count = 2};
    assert_int_equal(graph_build(&arena, &two, &s->graph, &err), STATUS_OK);
    assert_int_equal(fingerprint_check_params(fp, &s->graph, (struct stage_id){0}, &err), STATUS_OK);
    graph_finish(&s->graph);
}

/* A parameter file that is written while the process lives is read again. */
static void parameter_files_are_read_again(void **unused)
{
    (void)unused;
    prepare();
    struct sample *s = sample_create();
    struct digest key = key_of(s);
    write_file("params.yaml", "train: {lr: 0.5}\n");
    assert_false(digest_equal(key, key_of(s)));
    assert_int_equal(unlink("params.yaml"), 0);
    struct fields fields;
    for (int i = 0; i < 2; i++) { /* what it said is not remembered */
        assert_int_equal(fields_of(s, &fields), STATUS_MANIFEST);
        assert_non_null(strstr(err.message, "does not exist"));
    }
}

static void keys_cannot_be_shifted_between_fields(void **unused)
{
    (void)unused;
    static const struct field lists[][2] = {
        {{FIELD_ENV, {"ab", 2}, {"c", 1}}, {FIELD_ENV, {"d", 1}, {"", 0}}},
        {{FIELD_ENV, {"a", 1}, {"bc", 2}}, {FIELD_ENV, {"d", 1}, {"", 0}}},
        {{FIELD_ENV, {"a", 1}, {"b", 1}}, {FIELD_ENV, {"cd", 2}, {"", 0}}},
        {{FIELD_ENV, {"a", 1}, {"b", 1}}, {FIELD_ENV, {"c", 1}, {"d", 1}}},
        {{FIELD_ENV, {"a", 1}, {"b", 1}}, {FIELD_PARAM, {"c", 1}, {"d", 1}}},
        {{FIELD_ENV, {"a\0", 2}, {"b", 1}}, {FIELD_PARAM, {"c", 1}, {"d", 1}}},
        {{FIELD_TOOL, {"a", 1}, {"b", 1}}, {FIELD_PARAM, {"c", 1}, {"d", 1}}},
    };
    struct digest keys[7];
    for (int i = 0; i < 7; i++) {
        struct fields fields = {(struct field *)(uintptr_t)lists[i], 2};
        keys[i] = fields_key(&fields);
        for (int j = 0; j < i; j++)
            assert_false(digest_equal(keys[i], keys[j]));
    }
    struct fields none = {NULL, 0}, one = {(struct field *)(uintptr_t)lists[0], 1};
    assert_false(digest_equal(fields_key(&none), fields_key(&one)));
}

/* ---- words ---- */

static void note(void *ctx, const struct field *old, const struct field *now)
{
    struct buf *out = ctx;
    buf_str(out, field_change_text(&arena, old, now));
    buf_char(out, '\n');
}

static void compares(struct field *before, uint32_t before_count, struct field *after, uint32_t after_count,
                     const char *want)
{
    struct buf got = {0};
    buf_str(&got, STR(""));
    fields_compare(&(struct fields){before, before_count}, &(struct fields){after, after_count}, note, &got);
    assert_string_equal(got.ptr, want);
    buf_finish(&got);
}

static void differences_are_told_in_order(void **unused)
{
    (void)unused;
    struct field before[] = {
        {FIELD_PLATFORM, STR(""), STR("linux-x86_64")}, {FIELD_COMMAND, STR("0"), STR("a")},
        {FIELD_COMMAND, STR("2"), STR("x")},            {FIELD_COMMAND, STR("10"), STR("b")},
        {FIELD_SHELL, STR(""), STR("/bin/sh")},         {FIELD_ENV, STR("A"), STR("=1")},
        {FIELD_ENV, STR("B"), STR("unset")},            {FIELD_ENV, STR("C"), STR("xxh3 00")},
        {FIELD_ENV, STR("D"), STR("=old")},             {FIELD_PARAM, STR("p.yaml:lr"), STR("0.1")},
        {FIELD_PARAM, STR("q.txt:"), STR("file 00")},   {FIELD_TOOL, STR("cc"), STR("1")},
        {FIELD_DEP, STR("gone"), STR("file 00")},       {FIELD_DEP, STR("x"), STR("file 00")},
        {FIELD_OUT, STR("o"), STR("cached")},
    };
    struct field after[] = {
        {FIELD_PLATFORM, STR(""), STR("linux-arm64")}, {FIELD_COMMAND, STR("0"), STR("c")},
        {FIELD_COMMAND, STR("2"), STR("x")},           {FIELD_COMMAND, STR("10"), STR("d")},
        {FIELD_SHELL, STR(""), STR("/bin/sh")},        {FIELD_ENV, STR("A"), STR("=2")},
        {FIELD_ENV, STR("B"), STR("=")},               {FIELD_ENV, STR("C"), STR("xxh3 01")},
        {FIELD_ENV, STR("E"), STR("xxh3 01")},         {FIELD_PARAM, STR("p.yaml:lr"), STR("0.2")},
        {FIELD_PARAM, STR("q.txt:"), STR("file 01")},  {FIELD_TOOL, STR("cc"), STR("2")},
        {FIELD_DEP, STR("new"), STR("exec 00")},       {FIELD_DEP, STR("x"), STR("file 01")},
        {FIELD_OUT, STR("o"), STR("uncached")},        {FIELD_DEPFILE, STR(""), STR("t.d")},
    };
    compares(before, 15, after, 16,
             "platform linux-x86_64 → linux-arm64\n"
             "cmd a → c\n"
             "cmd[10] b → d\n"
             "env A 1 → 2\n"
             "env B unset → \n"
             "env C changed\n"
             "no more env D (was old)\n"
             "new env E\n"
             "p.yaml:lr 0.1 → 0.2\n"
             "q.txt: changed\n"
             "tool cc 1 → 2\n"
             "no more dep gone\n"
             "new dep new\n"
             "dep x changed\n"
             "out o cached → uncached\n"
             "new depfile: t.d\n");
    compares(before, 15, before, 15, "");
    compares(NULL, 0, NULL, 0, "");
    compares(NULL, 0, before, 1, "new platform: linux-x86_64\n");
    compares(before, 2, NULL, 0, "no more platform (was linux-x86_64)\nno more cmd (was a)\n");
}

static void odd_bytes_are_made_printable(void **unused)
{
    (void)unused;
    struct field old = {FIELD_PARAM, STR("p:\x1b"), STR("\"\xff\n\"")}, now = {FIELD_PARAM, STR("p:\x1b"), STR("2")};
    assert_string_equal(field_change_text(&arena, &old, &now).ptr, "p:\\x1b \"\\xff\\n\" → 2");
    char large[400];
    memset(large, 'x', sizeof large);
    old.value = (struct str){large, sizeof large};
    assert_string_equal(field_change_text(&arena, &old, &now).ptr,
                        str_format(&arena, "p:\\x1b %.120s... → 2", large).ptr);
    /* a character is not cut in two */
    for (size_t i = 0; i < 200; i++)
        memcpy(large + 2 * i, "\xc3\xa9", 2);
    large[0] = 'x';
    memmove(large + 1, large + 2, sizeof large - 2);
    old.value.len = sizeof large - 1;
    assert_null(strstr(field_change_text(&arena, &old, &now).ptr + 6, "\\x"));
}

static void tags_have_names(void **unused)
{
    (void)unused;
    enum field_tag tag;
    for (int i = FIELD_PLATFORM; i < FIELD_TAG_END; i++) {
        assert_true(field_tag_parse(str_from(field_tag_name((enum field_tag)i)), &tag));
        assert_int_equal(tag, i);
    }
    assert_false(field_tag_parse(STR("dep"), &tag));
    assert_false(field_tag_parse(STR(""), &tag));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_their_bytes),
        TEST(only_the_users_executable_bit_counts),
        TEST(what_is_missing_is_missing),
        TEST(stats_tell_that_something_was_touched),
        TEST(trees_do_not_depend_on_the_order_of_creation),
        TEST(outs_have_empty_folders_and_deps_do_not),
        TEST(ignored_files_are_left_out_of_deps),
        TEST(special_files_are_refused),
        TEST(a_dep_that_is_a_link_is_its_text_and_its_target),
        TEST(links_within_a_tree_are_their_text),
        TEST(links_out_of_a_tree_are_followed_for_deps),
        TEST(links_that_go_round_are_refused),
        TEST(links_of_outs_stay_in_the_project),
        TEST(a_budget_is_kept),
        TEST(progress_is_what_was_read),
        TEST(digests_are_believed_when_nothing_changed),
        TEST(racy_digests_are_believed_in_one_process_only),
        TEST(rewritten_files_are_seen),
        TEST(threads_digest_at_once),
        TEST(digesting_can_store_from_the_same_read),
        TEST(fields_list_what_decides),
        TEST(every_field_changes_the_key),
        TEST(nothing_else_changes_the_key),
        TEST(the_order_of_declaration_does_not_count),
        TEST(many_commands_stay_in_order),
        TEST(names_of_parameters_are_unambiguous),
        TEST(parameter_errors_say_where_and_what),
        TEST(parameter_files_are_checked_unless_they_are_made),
        TEST(parameter_files_are_read_again),
        TEST(keys_cannot_be_shifted_between_fields),
        TEST(differences_are_told_in_order),
        TEST(odd_bytes_are_made_printable),
        TEST(tags_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
