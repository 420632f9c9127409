/* `refit check profile DATA` */
#include <inttypes.h>

#include "cli/check.h"
#include "refit/check.h"

enum status check_profile(struct invocation *in, struct error *err)
{
    struct buf text = {0};
    uint64_t bad = 0;
    const char *path = option_text(in, 'o');
    if (in->argument_count < 2)
        return error_set(err, STATUS_USAGE, "name the data: refit check profile DATA -o FILE");
    const char *data = str_terminated(&in->arena, in->arguments[1]);
    enum status status = check_spare(path, data, err);
    if (status == STATUS_OK)
        status = data_profile(&in->arena, data, &text, &bad, err);
    if (status == STATUS_OK && bad > 0)
        output_warn(in, str_format(&in->arena, "%" PRIu64 " rows of " STR_FMT " cannot be read, and are left out", bad,
                                   STR_ARG(str_printable(&in->arena, in->arguments[1]))));
    if (status == STATUS_OK && path == NULL)
        fwrite(text.ptr, 1, text.len, stdout);
    else if (status == STATUS_OK)
        status = check_write(in, path, &text, err);
    buf_finish(&text);
    return status;
}
