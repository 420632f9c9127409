/* JSON Lines from hostile bytes. */
#include <stdio.h>

#include "table_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 18)
        return 0;
    fuzz_table(data, size, (struct table_options){.format = TABLE_JSONL});
    return 0;
}
