/* Rows of CSV without quotes and without faults, which most are: 64 bytes at a time become bits of where cells and
   rows end (after Langdale, Lemire, Parsing gigabytes of JSON per second, VLDB Journal 2019). Any other row is left to
   csv_read_row(), which knows what is wrong with it. */
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "check/table_reader.h"

enum { LANES = 64 };

#ifdef __x86_64__
static inline void look_sse2(struct plain_scan *s, const char *bytes, char delimiter)
{
    const __m128i wanted[] = {_mm_set1_epi8(delimiter), _mm_set1_epi8('\n'), _mm_set1_epi8('"'), _mm_setzero_si128()};
    uint64_t bits[4] = {0}, high = 0;
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
        high |= (uint64_t)(uint16_t)_mm_movemask_epi8(v);
        for (int k = 0; k < 4; k++)
            bits[k] |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, wanted[k])) << (16 * i);
    }
    s->ends = bits[0] | bits[1];
    s->newlines = bits[1];
    s->odd = bits[2] | bits[3];
    s->high = high != 0;
}

__attribute__((target("avx2"))) static inline void look_avx2(struct plain_scan *s, const char *bytes, char delimiter)
{
    const __m256i wanted[] = {_mm256_set1_epi8(delimiter), _mm256_set1_epi8('\n'), _mm256_set1_epi8('"'),
                              _mm256_setzero_si256()};
    uint64_t bits[4] = {0}, high = 0;
    for (int i = 0; i < 2; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32 * i));
        high |= (uint32_t)_mm256_movemask_epi8(v);
        for (int k = 0; k < 4; k++)
            bits[k] |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, wanted[k])) << (32 * i);
    }
    s->ends = bits[0] | bits[1];
    s->newlines = bits[1];
    s->odd = bits[2] | bits[3];
    s->high = high != 0;
}
#else
static inline void look_each(struct plain_scan *s, const char *bytes, char delimiter)
{
    s->ends = s->newlines = s->odd = 0;
    s->high = false;
    for (int i = 0; i < LANES; i++) {
        char c = bytes[i];
        s->newlines |= (uint64_t)(c == '\n') << i;
        s->ends |= (uint64_t)(c == '\n' || c == delimiter) << i;
        s->odd |= (uint64_t)(c == '"' || c == '\0') << i;
        s->high |= (unsigned char)c >> 7;
    }
}
#endif

static void put_cells(struct table_file *t, const size_t *marks)
{
    for (uint32_t i = 0; i < t->want_count; i++) {
        uint32_t column = t->wanted_columns[i];
        if (column == COLUMN_NONE)
            continue;
        const char *ptr = t->block + (marks[column] + 1);
        size_t len = marks[column + 1] - marks[column] - 1;
        bool null = t->options.null_values == NULL ? len == 0 : table_is_null(t, ptr, len);
        *table_cell(t, i) = (struct cell){ptr, (uint32_t)len, null ? CELL_NULL : CELL_TEXT};
    }
}

/* `end` is the newline; marks: before the row, then where each cell ends. */
static bool end_row(struct table_file *t, size_t *marks, size_t end, bool high)
{
    size_t len = end - t->at;
    if (len > t->options.line_bytes_max || (high && !str_is_utf8((struct str){t->block + t->at, len})))
        return false;
    if (end - marks[t->column_count - 1] > 1 && t->block[end - 1] == '\r')
        marks[t->column_count]--;
    put_cells(t, marks);
    t->line++;
    t->at = end + 1;
    return true;
}

typedef void look_fn(struct plain_scan *s, const char *bytes, char delimiter);

static inline __attribute__((always_inline)) bool read_row(struct table_file *t, look_fn *look)
{
    struct plain_scan *s = &t->scan;
    size_t *marks = t->marks;
    uint32_t count = 0, columns = t->column_count;
    uint64_t newline;
    if (s->at != t->at) {
        s->base = t->at;
        look(s, t->block + s->base, t->options.delimiter);
    }
    s->at = SIZE_MAX; /* until the row's end is known */
    marks[0] = t->at - 1;
    bool high = s->high;
    for (;;) {
        newline = s->newlines & -s->newlines;
        uint64_t until = newline ^ (newline - 1); /* all of them without a newline */
        uint64_t ends = s->ends & until;
        if ((s->odd & until) != 0 || count + (uint32_t)__builtin_popcountll(ends) > columns)
            return false;
        s->ends ^= ends;
        for (; ends != 0; ends &= ends - 1)
            marks[++count] = s->base + (size_t)__builtin_ctzll(ends);
        if (newline != 0)
            break;
        s->base += LANES;
        if (s->base >= t->end)
            return false;
        look(s, t->block + s->base, t->options.delimiter);
        high |= s->high;
    }
    s->newlines ^= newline;
    size_t end = marks[count];
    if (count != columns || !end_row(t, marks, end, high))
        return false;
    s->at = t->at;
    return true;
}

#ifdef __x86_64__
static bool read_sse2(struct table_file *t)
{
    return read_row(t, look_sse2);
}

__attribute__((target("avx2,bmi,popcnt"))) static bool read_avx2(struct table_file *t)
{
    return read_row(t, look_avx2);
}

bool csv_read_plain_row(struct table_file *t)
{
    return t->has_avx2 ? read_avx2(t) : read_sse2(t);
}

bool csv_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}
#else
bool csv_read_plain_row(struct table_file *t)
{
    return read_row(t, look_each);
}

bool csv_has_avx2(void)
{
    return false;
}
#endif
