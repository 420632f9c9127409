/* Manifests and configuration: any bytes give a manifest that keeps its promises, or an error with a place. */
#include <stddef.h>
#include <stdint.h>

#include "stages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct str text = {(const char *)data, size};
    struct manifest manifest;
    struct error err = {0};
    const struct manifest_source sources[] = {{STR("sub/refit.yaml"), text, MANIFEST_REFIT}};
    enum status status = manifest_load(&arena, sources, 1, STR("/project"), NULL, &manifest, &err);
    must(status == STATUS_OK || (status == STATUS_MANIFEST && err.line > 0 && err.column > 0 && err.message[0]));
    for (uint32_t i = 0; status == STATUS_OK && i < manifest.stage_count; i++)
        check_stage(&arena, &manifest.stages[i]);
    const struct config_source source = {STR("config.yaml"), text};
    struct config config;
    status = config_load(&arena, &source, 1, &config, &err);
    must(status == STATUS_MANIFEST || (status == STATUS_OK && config.jobs > 0 && config.compression <= 19));
    arena_finish(&arena);
    return 0;
}
