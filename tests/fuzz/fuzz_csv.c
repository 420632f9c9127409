/* CSV from hostile bytes; the first byte chooses the dialect. */
#include <stdio.h>

#include "table_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str nulls[] = {{"", 0}, {"NA", 2}};
    if (size == 0 || size > 1 << 18)
        return 0;
    struct table_options options = {.format = TABLE_CSV, .delimiter = data[0] & 1 ? ';' : ',',
                                    .no_header = data[0] & 2};
    if (data[0] & 4) {
        options.null_values = nulls;
        options.null_count = 2;
    }
    fuzz_table(data + 1, size - 1, options);
    return 0;
}
