/* The graph: edges by overlap, what is refused, order and selection. Manifests are made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/graph.h"

static struct arena arena;
static struct error err;

static int set_up(void **unused)
{
    (void)unused;
    arena_init(&arena);
    err = (struct error){.status = STATUS_OK};
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    arena_finish(&arena);
    return 0;
}

/* A stage in words: paths are separated by spaces. Each line of the manifest is that of its stage. */
struct words {
    const char *name, *deps, *outs, *params, *needs;
    enum stage_kind kind;
    bool frozen;
};

static struct str next_word(const char **rest)
{
    *rest += strspn(*rest, " ");
    struct str word = {*rest, strcspn(*rest, " ")};
    *rest += word.len;
    return word;
}

static uint32_t count_words(const char *text)
{
    uint32_t count = 0;
    while (next_word(&text).len > 0)
        count++;
    return count;
}

static struct manifest_path *paths_of(const char *text, uint32_t line, uint32_t *count)
{
    *count = count_words(text);
    struct manifest_path *paths = arena_array(&arena, struct manifest_path, *count);
    for (uint32_t i = 0; i < *count; i++)
        paths[i] = (struct manifest_path){next_word(&text), {line, i + 1}};
    return paths;
}

static void fill(struct manifest_stage *stage, const struct words *words, uint32_t line)
{
    *stage = (struct manifest_stage){
        .name = str_from(words->name), .file = STR("refit.yaml"), .at = {line, 1}, .kind = words->kind};
    stage->frozen = words->frozen;
    stage->deps = paths_of(words->deps ? words->deps : "", line, &stage->dep_count);
    stage->needs = paths_of(words->needs ? words->needs : "", line, &stage->needs_count);
    struct manifest_path *outs = paths_of(words->outs ? words->outs : "", line, &stage->out_count);
    stage->outs = arena_array(&arena, struct manifest_out, stage->out_count);
    for (uint32_t i = 0; i < stage->out_count; i++)
        stage->outs[i] = (struct manifest_out){.path = outs[i].path, .at = outs[i].at, .cache = true};
    struct manifest_path *params = paths_of(words->params ? words->params : "", line, &stage->params_count);
    stage->params = arena_array(&arena, struct manifest_params, stage->params_count);
    for (uint32_t i = 0; i < stage->params_count; i++)
        stage->params[i] = (struct manifest_params){.path = params[i].path, .at = params[i].at, .whole = true};
}

static struct manifest *manifest_of(const struct words *words, uint32_t count)
{
    struct manifest *m = arena_new(&arena, struct manifest);
    *m = (struct manifest){.stage_count = count};
    m->stages = arena_array(&arena, struct manifest_stage, count);
    for (uint32_t i = 0; i < count; i++)
        fill(&m->stages[i], &words[i], i + 1);
    return m;
}

static struct graph build(const struct words *words, uint32_t count)
{
    struct graph g;
    enum status status = graph_build(&arena, manifest_of(words, count), &g, &err);
    if (status != STATUS_OK)
        fail_msg("%s", err.message);
    return g;
}

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof *(table))

static void refuses(const struct words *words, uint32_t count, uint32_t line, uint32_t column, const char *message)
{
    struct graph g;
    assert_int_equal(graph_build(&arena, manifest_of(words, count), &g, &err), STATUS_MANIFEST);
    assert_string_equal(err.message, message);
    assert_string_equal(err.file, "refit.yaml");
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
}

static bool follows(const struct graph *g, uint32_t from, uint32_t to)
{
    bool up = false, down = false;
    for (uint32_t i = 0; i < g->stages[to].upstream_count; i++)
        up |= g->stages[to].upstream[i].index == from;
    for (uint32_t i = 0; i < g->stages[from].downstream_count; i++)
        down |= g->stages[from].downstream[i].index == to;
    assert_int_equal(up, down);
    return up;
}

static void overlapping_paths_make_edges(void **unused)
{
    (void)unused;
    static const struct {
        const char *out, *dep;
        bool edge;
    } table[] = {
        {"a", "a", true},       {"a", "a/b", true},     {"a", "a/b/c", true},    {"a/b", "a", true},
        {"a/b/c", "a", true},   {"a/b/c", "a/b", true}, {"a", ".", true},        {"a/b", ".", true},
        {"a", "ab", false},     {"ab", "a", false},     {"a", "a.b", false},     {"a.b", "a", false},
        {"a-b", "a", false},    {"a/b", "a/c", false},  {"a/b", "a/bc", false},  {"a/bc", "a/b", false},
        {"a/b", "a.b", false},  {"a0", "a", false},     {"a", "../a", false},    {"a", "/a", false},
        {"b", "a/b", false},    {"a", "b/a", false},    {"a\xff", "a", false},   {"a", "..a", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct words words[] = {{.name = "w", .outs = table[i].out}, {.name = "r", .deps = table[i].dep}};
        struct graph g = build(words, 2);
        if (follows(&g, 0, 1) != table[i].edge)
            fail_msg("out %s, dep %s", table[i].out, table[i].dep);
        assert_false(follows(&g, 1, 0));
        graph_finish(&g);
    }
}

static void a_folder_depends_on_all_that_is_made_in_it(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "before", .outs = "d.a"},  {.name = "one", .outs = "d/a"},     {.name = "two", .outs = "d/b/c"},
        {.name = "three", .outs = "d/z x"}, {.name = "after", .outs = "d0 da"}, {.name = "all", .deps = "d"},
        {.name = "part", .deps = "d/b"},    {.name = "root", .deps = "."},
    };
    struct graph g = build(words, COUNT(words));
    assert_int_equal(g.stages[5].upstream_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(g.stages[5].upstream[i].index, i + 1);
    assert_int_equal(g.stages[6].upstream_count, 1);
    assert_true(follows(&g, 2, 6));
    assert_int_equal(g.stages[7].upstream_count, 5);
    graph_finish(&g);
}

/* Edges from overlap, against the definition, on random paths. */
static void edges_are_as_defined(void **unused)
{
    (void)unused;
    static const char *const outs[] = {"a/b", "a/c/d", "ab", "a.b/c", "b", "c/d/e", "c/d.e", "c.d", "x/a"};
    static const char *const deps[] = {"a",   "a/b", "a/b/x", "a/c",     "ab", "a.b", "b",
                                       "b/b", "c",   "c/d",   "c/d/e/f", "x",  "a/d"};
    uint64_t seed = 3;
    for (int round = 0; round < 200; round++) {
        struct words words[COUNT(outs) + 4] = {{0}};
        for (uint32_t i = 0; i < COUNT(outs); i++)
            words[i] = (struct words){.name = outs[i], .outs = outs[i]};
        for (uint32_t i = 0; i < 4; i++) {
            struct buf text = {0};
            buf_char(&text, ' ');
            for (uint32_t d = 0; d < COUNT(deps); d++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                if (seed >> 62 == 0)
                    buf_print(&text, "%s ", deps[d]);
            }
            words[COUNT(outs) + i] = (struct words){.name = str_format(&arena, "reader%u", i).ptr,
                                                    .deps = str_dup(&arena, buf_view(&text)).ptr};
            buf_finish(&text);
        }
        struct graph g = build(words, COUNT(words));
        for (uint32_t r = COUNT(outs); r < COUNT(words); r++)
            for (uint32_t w = 0; w < COUNT(outs); w++) {
                bool edge = false;
                struct str out = str_from(outs[w]);
                for (uint32_t d = 0; d < g.stages[r].declared->dep_count; d++) {
                    struct str dep = g.stages[r].declared->deps[d].path;
                    edge |= str_equal(dep, out) || path_is_below(dep, out) || path_is_below(out, dep);
                }
                assert_int_equal(follows(&g, w, r), edge);
            }
        graph_finish(&g);
    }
}

static void params_and_needs_make_edges(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "tune", .outs = "best.yaml d"},
        {.name = "train", .params = "params.yaml best.yaml"},
        {.name = "inside", .params = "d/p.json"},
        {.name = "last", .needs = "train inside"},
    };
    struct graph g = build(words, COUNT(words));
    assert_true(follows(&g, 0, 1));
    assert_true(follows(&g, 0, 2));
    assert_true(follows(&g, 1, 3));
    assert_true(follows(&g, 2, 3));
    assert_false(follows(&g, 0, 3));
    assert_int_equal(g.stages[1].dep_count, 0);
    assert_true(str_is(g.files[g.stages[1].params[0].index].path, "params.yaml"));
    graph_finish(&g);
}

static void each_edge_is_there_once(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "r", .deps = "d/a d d/b", .params = "d/a", .needs = "w"},
        {.name = "w", .outs = "d/a d/b d/c"},
    };
    struct graph g = build(words, COUNT(words));
    assert_int_equal(g.stages[0].upstream_count, 1);
    assert_int_equal(g.stages[1].downstream_count, 1);
    /* deps are sorted by path */
    assert_true(str_is(g.files[g.stages[0].deps[0].index].path, "d"));
    assert_true(str_is(g.files[g.stages[0].deps[1].index].path, "d/a"));
    assert_true(str_is(g.files[g.stages[0].deps[2].index].path, "d/b"));
    assert_int_equal(g.files[g.stages[0].deps[0].index].producer.index, GRAPH_NONE);
    assert_int_equal(g.files[g.stages[0].deps[1].index].producer.index, 1);
    assert_int_equal(g.order[0].index, 1);
    assert_int_equal(g.order[1].index, 0);
    graph_finish(&g);
}

static void frozen_stages_have_nothing_above_them(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "a", .outs = "x"},
        {.name = "b", .deps = "x", .params = "x", .needs = "a", .outs = "y", .frozen = true},
        {.name = "c", .deps = "y"},
    };
    struct graph g = build(words, COUNT(words));
    assert_false(follows(&g, 0, 1));
    assert_true(follows(&g, 1, 2));
    assert_int_equal(g.stages[1].dep_count, 1);
    graph_finish(&g);
    /* so it cuts a cycle */
    static const struct words loop[] = {
        {.name = "a", .deps = "y", .outs = "x", .frozen = true},
        {.name = "b", .deps = "x", .outs = "y"},
    };
    g = build(loop, COUNT(loop));
    assert_true(follows(&g, 0, 1));
    assert_false(follows(&g, 1, 0));
    graph_finish(&g);
}

static void outs_belong_to_one_stage(void **unused)
{
    (void)unused;
    static const struct words twice[] = {{.name = "a", .outs = "x y"}, {.name = "b", .outs = "z y"}};
    refuses(twice, 2, 2, 2, "stages `a` and `b` both have the out `y`; an out belongs to one stage");
    static const struct words inside[] = {{.name = "a", .outs = "d/x/y"}, {.name = "b", .outs = "d"}};
    refuses(inside, 2, 1, 1, "the out `d/x/y` lies inside the out `d` of stage `b`; declare one of them");
    static const struct words own[] = {{.name = "a", .outs = "d d/x"}};
    refuses(own, 1, 1, 2, "the out `d/x` lies inside the out `d` of stage `a`; declare one of them");
    static const struct words odd[] = {{.name = "a\n", .outs = "\xff"}, {.name = "b", .outs = "\xff"}};
    refuses(odd, 2, 2, 1, "stages `a\\n` and `b` both have the out `\\xff`; an out belongs to one stage");
    static const struct words beside[] = {{.name = "a", .outs = "d d.x d0 dx/y"}, {.name = "b", .outs = "d-x"}};
    struct graph g = build(beside, 2);
    graph_finish(&g);
}

static void own_outs_are_no_deps(void **unused)
{
    (void)unused;
    static const struct {
        const char *deps, *params, *outs;
    } table[] = {
        {"x", NULL, "x"}, {"d", NULL, "d/x"}, {"d/x/y", NULL, "d"}, {".", NULL, "x"}, {NULL, "p.yaml", "p.yaml"},
        {NULL, "d/p.yaml", "d"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct words words = {.name = "a", .deps = table[i].deps, .params = table[i].params, .outs = table[i].outs};
        const char *path = table[i].deps ? table[i].deps : table[i].params;
        refuses(&words, 1, 1, 1,
                str_format(&arena, "stage `a` depends on `%s`, which is or overlaps an out of its own; that is a cycle",
                           path).ptr);
    }
    struct words up = {.name = "a", .deps = "../.."};
    refuses(&up, 1, 1, 1, "stage `a` depends on `../..`, a folder that contains the project; name what it reads");
    struct words outside = {.name = "a", .deps = "../x /etc/x", .outs = "x"};
    struct graph g = build(&outside, 1);
    assert_int_equal(g.stages[0].upstream_count, 0);
    graph_finish(&g);
}

static void needs_name_stages(void **unused)
{
    (void)unused;
    static const struct words near[] = {{.name = "train"}, {.name = "b", .needs = "trian"}};
    refuses(near, 2, 2, 1, "stage `b` needs `trian`, which is no stage; did you mean `train`?");
    static const struct words far[] = {{.name = "train"}, {.name = "b", .needs = "train wholly-other"}};
    refuses(far, 2, 2, 2, "stage `b` needs `wholly-other`, which is no stage");
    static const struct words self[] = {{.name = "a", .needs = "a"}};
    refuses(self, 1, 1, 1, "stage `a` needs itself");
}

static void cycles_are_shown_as_the_path_that_closes(void **unused)
{
    (void)unused;
    static const struct words two[] = {{.name = "a", .deps = "y", .outs = "x"},
                                       {.name = "b", .deps = "x", .outs = "y"}};
    refuses(two, 2, 1, 1,
            "the stages form a cycle: a → b (through x) → a (through y); remove one of these edges");
    /* stages that only lead to the cycle are not part of it */
    static const struct words three[] = {
        {.name = "first", .deps = "d/z"},
        {.name = "a", .deps = "d/z", .outs = "x"},
        {.name = "b", .deps = "x", .outs = "y"},
        {.name = "c", .params = "y", .outs = "d", .needs = "b"},
    };
    refuses(three, 4, 4, 1,
            "the stages form a cycle: c → a (through d) → b (through x) → c (through y); remove one of these edges");
    static const struct words needs[] = {{.name = "a", .needs = "b", .outs = "x"}, {.name = "b", .deps = "x"}};
    refuses(needs, 2, 1, 1,
            "the stages form a cycle: a → b (through x) → a (through needs); remove one of these edges");
}

static void order_puts_upstream_first(void **unused)
{
    (void)unused;
    enum { STAGES = 60 };
    uint64_t seed = 11;
    for (int round = 0; round < 100; round++) {
        /* a random order of names, with edges from lower to higher ranks only: never a cycle */
        uint32_t rank[STAGES];
        struct words words[STAGES];
        for (uint32_t i = 0; i < STAGES; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t j = (uint32_t)(seed >> 33) % (i + 1);
            rank[i] = rank[j];
            rank[j] = i;
        }
        for (uint32_t i = 0; i < STAGES; i++) {
            struct buf deps = {0};
            buf_char(&deps, ' ');
            for (uint32_t j = 0; j < STAGES; j++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                if (rank[j] < rank[i] && seed >> 60 == 0)
                    buf_print(&deps, "o%u ", j);
            }
            words[i] = (struct words){.name = str_format(&arena, "s%u", i).ptr,
                                      .outs = str_format(&arena, "o%u", i).ptr,
                                      .deps = str_dup(&arena, buf_view(&deps)).ptr};
            buf_finish(&deps);
        }
        struct graph g = build(words, STAGES);
        uint32_t place[STAGES];
        memset(place, 0xff, sizeof place);
        for (uint32_t k = 0; k < STAGES; k++) {
            assert_int_equal(place[g.order[k].index], UINT32_MAX);
            place[g.order[k].index] = k;
        }
        for (uint32_t i = 0; i < STAGES; i++)
            for (uint32_t j = 0; j < g.stages[i].upstream_count; j++)
                assert_true(place[g.stages[i].upstream[j].index] < place[i]);
        graph_finish(&g);
    }
}

static void long_chains_need_no_stack(void **unused)
{
    (void)unused;
    enum { STAGES = 50000 };
    struct words *words = mem_alloc(STAGES * sizeof *words);
    for (uint32_t i = 0; i < STAGES; i++)
        words[i] = (struct words){.name = str_format(&arena, "s%u", i).ptr, .outs = str_format(&arena, "o%u", i).ptr,
                                  .deps = i + 1 < STAGES ? str_format(&arena, "o%u", i + 1).ptr : NULL};
    struct graph g = build(words, STAGES);
    for (uint32_t i = 0; i < STAGES; i++)
        assert_int_equal(g.order[i].index, STAGES - 1 - i);
    graph_finish(&g);
    free(words);
}

static void an_empty_manifest_is_an_empty_graph(void **unused)
{
    (void)unused;
    struct graph g = build(NULL, 0);
    assert_int_equal(g.stage_count, 0);
    assert_int_equal(graph_find_stage(&g, STR("a")).index, GRAPH_NONE);
    assert_int_equal(graph_select(&g, &(struct graph_selection_options){0}, NULL, &err), STATUS_OK);
    struct str target = STR("a");
    struct graph_selection_options options = {.targets = &target, .target_count = 1};
    assert_int_equal(graph_select(&g, &options, NULL, &err), STATUS_USAGE);
    graph_finish(&g);
}

static void makers_are_found(void **unused)
{
    (void)unused;
    static const struct words words[] = {{.name = "a", .outs = "d/x f", .deps = "src"}, {.name = "b", .outs = "e"}};
    struct graph g = build(words, COUNT(words));
    assert_int_equal(graph_find_stage(&g, STR("b")).index, 1);
    assert_int_equal(graph_find_maker(&g, STR("d/x")).index, 0);
    assert_int_equal(graph_find_maker(&g, STR("d/x/y/z")).index, 0);
    assert_int_equal(graph_find_maker(&g, STR("e")).index, 1);
    static const char *const none[] = {"d", "d/xy", "src", ".", "..", "../f", "/f", "/", "ff", ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(graph_is_made(&g, str_from(none[i])));
    graph_finish(&g);
}

/* The path of the out that graph_find_unordered() gives for a stage; "" if it gives none. */
static const char *unordered(const struct graph *g, const char *stage, const char *path)
{
    struct file_id file = graph_find_unordered(g, graph_find_stage(g, str_from(stage)), str_from(path));
    return file.index == GRAPH_NONE ? "" : str_terminated(&arena, g->files[file.index].path);
}

static void what_is_made_meanwhile_is_found(void **unused)
{
    (void)unused;
    static const struct words words[] = {{.name = "a", .outs = "d/a d.x d0"},
                                         {.name = "b", .outs = "d/b e/b", .deps = "d/a"},
                                         {.name = "c", .outs = "c e/c", .deps = "d/b"},
                                         {.name = "other", .outs = "d/o f", .deps = "src"}};
    struct graph g = build(words, COUNT(words));
    assert_string_equal(unordered(&g, "c", "d/a"), "");       /* made at a distance */
    assert_string_equal(unordered(&g, "c", "d/a/below"), "");
    assert_string_equal(unordered(&g, "b", "d/b"), "d/b");    /* its own */
    assert_string_equal(unordered(&g, "b", "c"), "c");        /* made after it */
    assert_string_equal(unordered(&g, "c", "f/x/y"), "f");    /* in no order */
    assert_string_equal(unordered(&g, "c", "d"), "d/o");      /* the one of several */
    assert_string_equal(unordered(&g, "b", "e"), "e/b");
    assert_string_equal(unordered(&g, "a", "."), "c");
    static const char *const none[] = {"src", "d/oo", "ff", "d.", "..", "../f", "/f", "/"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_string_equal(unordered(&g, "c", none[i]), "");
    graph_finish(&g);
}

/* ---- checks ---- */

static struct graph build_checked(const struct words *words, uint32_t count, struct manifest_check *checks,
                                  uint32_t check_count)
{
    struct manifest *m = manifest_of(words, count);
    struct graph g;
    m->checks = checks;
    m->check_count = check_count;
    for (uint32_t i = 0; i < check_count; i++)
        m->stages[checks[i].stage].check = i + 1;
    if (graph_build(&arena, m, &g, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return g;
}

static void a_check_of_data_comes_before_its_readers(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "fetch", .outs = "d/raw"},
        {.name = "profile", .deps = "d/raw", .outs = "profile"}, /* which the check follows from */
        {.name = "train", .deps = "d/raw", .outs = "model"},
        {.name = "list", .deps = "d"},
        {.name = "tune", .params = "d/raw"},
        {.name = "rest", .deps = "d2/raw model"},
        {.name = "old", .deps = "d/raw", .outs = "old", .frozen = true},
        {.name = "check", .deps = "d/raw profile", .outs = "verdict"},
        {.name = "second", .deps = "d/raw", .outs = "verdict2"},
    };
    struct manifest_check checks[] = {{.kind = CHECK_DATA, .stage = 7, .subject = STR("d/raw")},
                                      {.kind = CHECK_DATA, .stage = 8, .subject = STR("d/raw")}};
    struct graph g = build_checked(words, COUNT(words), checks, 2);
    static const bool held[] = {false, false, true, true, true, false, false, false, false};
    for (uint32_t i = 0; i < COUNT(words); i++)
        assert_int_equal(follows(&g, 7, i), held[i]);
    assert_true(follows(&g, 8, 1)); /* the second does not follow from it */
    assert_true(follows(&g, 8, 2));
    assert_false(follows(&g, 8, 7));
    graph_finish(&g);
}

static void a_check_of_a_model_comes_before_its_deploys(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "train", .outs = "model"},
        {.name = "predict", .deps = "model", .outs = "rows"},
        {.name = "gate", .deps = "model rows", .outs = "verdict"},
        {.name = "pack", .deps = "model", .outs = "package"},
        {.name = "ship", .deps = "package", .kind = STAGE_DEPLOY},
        {.name = "copy", .deps = "model", .kind = STAGE_DEPLOY, .outs = "copied"},
        {.name = "other", .deps = "site", .kind = STAGE_DEPLOY},
    };
    struct manifest_check checks[] = {{.kind = CHECK_MODEL, .stage = 2, .subject = STR("model")}};
    struct graph g = build_checked(words, COUNT(words), checks, 1);
    static const bool held[] = {false, false, false, false, true, true, false};
    for (uint32_t i = 0; i < COUNT(words); i++)
        assert_int_equal(follows(&g, 2, i), held[i]);
    graph_finish(&g);
}

/* Each holds back what the other follows from: the first has its way, and there is no cycle. */
static void checks_make_no_cycles(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "one", .deps = "a", .outs = "x"},
        {.name = "two", .deps = "b", .outs = "y"},
        {.name = "check-a", .deps = "a y", .outs = "va"},
        {.name = "check-b", .deps = "b x", .outs = "vb"},
    };
    struct manifest_check checks[] = {{.kind = CHECK_DATA, .stage = 2, .subject = STR("a")},
                                      {.kind = CHECK_DATA, .stage = 3, .subject = STR("b")}};
    struct graph g = build_checked(words, COUNT(words), checks, 2);
    assert_true(follows(&g, 2, 0));
    assert_false(follows(&g, 3, 1));
    graph_finish(&g);
}

/* ---- selection ---- */

/* The graph of all that follows:  load → split → train → report;  split → eval;  other;  train → ship (deploy) → smoke
 */
static const struct words project[] = {
    {.name = "report", .deps = "model"},
    {.name = "load", .outs = "data"},
    {.name = "split", .deps = "data", .outs = "parts/a parts/b"},
    {.name = "train", .deps = "parts/a", .outs = "model"},
    {.name = "eval", .deps = "parts/b"},
    {.name = "other"},
    {.name = "ship", .deps = "model", .outs = "shipped", .kind = STAGE_DEPLOY},
    {.name = "smoke", .deps = "shipped"},
};

static void selects(const struct words *words, uint32_t count, const char *targets, const char *flags, const char *want)
{
    struct graph g = build(words, count);
    bool *selected = arena_array(&arena, bool, count);
    uint32_t target_count = 0;
    struct str names[8];
    for (struct str word; (word = next_word(&targets)).len > 0;)
        names[target_count++] = word;
    struct graph_selection_options options = {names, target_count, strchr(flags, 's') != NULL,
                                              strchr(flags, 'd') != NULL, strchr(flags, 'D') != NULL};
    enum status status = graph_select(&g, &options, selected, &err);
    struct buf got = {0};
    buf_str(&got, STR(""));
    if (status != STATUS_OK)
        buf_print(&got, "%d: %s", (int)status, err.message);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        if (selected[i])
            buf_print(&got, "%s%s", got.len ? " " : "", words[i].name);
    assert_string_equal(got.ptr, want);
    buf_finish(&got);
    graph_finish(&g);
}

static void selection_follows_targets(void **unused)
{
    (void)unused;
    static const struct {
        const char *targets, *flags, *want;
    } table[] = {
        {"", "", "report load split train eval other"},
        {"", "D", "report load split train eval other ship smoke"},
        {"", "s", "report load split train eval other"},
        {"train", "", "load split train"},
        {"train eval", "", "load split train eval"},
        {"train train", "", "load split train"},
        {"load", "", "load"},
        {"other", "", "other"},
        {"report", "", "report load split train"},
        /* paths */
        {"model", "", "load split train"},
        {"parts/a", "", "load split"},
        {"data/x/y", "", "load"},
        /* single */
        {"train", "s", "train"},
        {"train load", "s", "load train"},
        {"ship", "s", "ship"},
        {"smoke", "s", "smoke"},
        /* downstream */
        {"split", "d", "report split train eval"},
        {"split", "dD", "report split train eval ship smoke"},
        {"load other", "d", "report load split train eval other"},
        {"train", "ds", "train"},
        /* deploy stages are named, or asked for */
        {"ship", "", "load split train ship"},
        {"ship", "d", "ship smoke"},
        {"ship smoke", "", "load split train ship smoke"},
        {"smoke", "D", "load split train ship smoke"},
        {"shipped", "", "load split train ship"},
        {"ship report", "", "report load split train ship"},
        {"smoke", "",
         "2: `smoke` follows a deploy stage, which runs only when it is named; name it too, or add --deploy"},
        /* what does not exist */
        {"trian", "", "2: no stage or out is called `trian`; did you mean `train`?"},
        {"wholly-other", "", "2: no stage or out is called `wholly-other`; `refit graph` lists the stages"},
        {"parts", "", "2: no stage or out is called `parts`; `refit graph` lists the stages"},
        {"load nothing-near", "s", "2: no stage or out is called `nothing-near`; `refit graph` lists the stages"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *want = table[i].want;
        if (want[0] == '2')
            want = str_format(&arena, "%d%s", (int)STATUS_USAGE, want + 1).ptr;
        selects(project, COUNT(project), table[i].targets, table[i].flags, want);
    }
}

static void selection_stops_at_frozen_stages(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "a", .outs = "x"},
        {.name = "b", .deps = "x", .outs = "y", .frozen = true},
        {.name = "c", .deps = "y", .outs = "z"},
    };
    selects(words, 3, "c", "", "b c");
    selects(words, 3, "a", "d", "a");
    selects(words, 3, "b", "d", "b c");
    selects(words, 3, "", "", "a b c");
}

static void groups_and_globs_select_many(void **unused)
{
    (void)unused;
    static const struct words words[] = {
        {.name = "load", .outs = "data"},
        {.name = "train@a", .deps = "data", .outs = "model/a"},
        {.name = "train@b/c d", .deps = "data", .outs = "odd[1]"},
        {.name = "trained", .needs = "train"},
        {.name = "ship@a", .deps = "model/a", .outs = "shipped", .kind = STAGE_DEPLOY},
        {.name = "ship@b", .kind = STAGE_DEPLOY},
        {.name = "smoke", .deps = "shipped"},
        {.name = "x@y", .outs = "x"},
        {.name = "x"},
    };
    static const struct {
        const char *targets, *flags, *want;
    } table[] = {
        {"train", "", "load train@a train@b/c d"},
        {"train", "s", "train@a train@b/c d"},
        {"train", "d", "train@a train@b/c d trained"},
        {"trained", "", "load train@a train@b/c d trained"},
        {"tra*", "s", "train@a train@b/c d trained"},
        {"train@?", "s", "train@a"},
        {"train@[a-z]*", "s", "train@a train@b/c d"},
        {"*", "", "load train@a train@b/c d trained x@y x"},
        {"*", "D", "load train@a train@b/c d trained ship@a ship@b smoke x@y x"},
        {"s*", "", "load train@a"}, /* what follows a deploy stage is left out, not what it needs besides */
        {"ship", "s", "ship@a ship@b"},
        {"x", "", "x"},
        {"x*", "", "x@y x"},
        {"odd[1]", "s", "train@b/c d"},
        {"ship*", "", "2: `ship*` matches deploy stages alone, which a glob does not run; name them, or add --deploy"},
        {"trai", "", "2: no stage or out is called `trai`; did you mean `train`?"},
        {"nothing*", "", "2: no stage or out is called `nothing*`; `refit graph` lists the stages"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *want = table[i].want;
        if (want[0] == '2')
            want = str_format(&arena, "%d%s", (int)STATUS_USAGE, want + 1).ptr;
        selects(words, COUNT(words), table[i].targets, table[i].flags, want);
    }
}

static void names_win_over_paths(void **unused)
{
    (void)unused;
    static const struct words words[] = {{.name = "x", .outs = "y"}, {.name = "y", .outs = "x"}};
    selects(words, 2, "x", "", "x");
    selects(words, 2, "y", "", "y");
    selects(words, 2, "x/z", "", "y");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overlapping_paths_make_edges),
        TEST(a_folder_depends_on_all_that_is_made_in_it),
        TEST(edges_are_as_defined),
        TEST(params_and_needs_make_edges),
        TEST(each_edge_is_there_once),
        TEST(frozen_stages_have_nothing_above_them),
        TEST(outs_belong_to_one_stage),
        TEST(own_outs_are_no_deps),
        TEST(needs_name_stages),
        TEST(cycles_are_shown_as_the_path_that_closes),
        TEST(order_puts_upstream_first),
        TEST(long_chains_need_no_stack),
        TEST(an_empty_manifest_is_an_empty_graph),
        TEST(makers_are_found),
        TEST(what_is_made_meanwhile_is_found),
        TEST(a_check_of_data_comes_before_its_readers),
        TEST(a_check_of_a_model_comes_before_its_deploys),
        TEST(checks_make_no_cycles),
        TEST(selection_follows_targets),
        TEST(groups_and_globs_select_many),
        TEST(selection_stops_at_frozen_stages),
        TEST(names_win_over_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
