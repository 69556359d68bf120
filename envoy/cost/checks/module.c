// The header check as a dynamic module of Envoy: native code that Envoy loads. It needs no SDK; the functions and types are
// those of Envoy's source/extensions/dynamic_modules/abi/abi.h, as far as they are used here. Envoy takes a module of
// another version of its ABI too, with a warning.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  const char *ptr;
  size_t length;
} buffer;

typedef struct {
  buffer key, value;
} header;

enum { CONTINUE = 0, STOP = 1, REQUEST_HEADERS = 0 };

bool envoy_dynamic_module_callback_http_get_header(void *stream, int map, buffer key, buffer *value, size_t index, size_t *count);
void envoy_dynamic_module_callback_http_send_response(void *stream, uint32_t status, header *headers, size_t count, buffer body,
                                                      buffer details);

static int any;
static buffer text(const char *s) { return (buffer){s, strlen(s)}; }

const char *envoy_dynamic_module_on_program_init(void) { return "header-auth"; }
void *envoy_dynamic_module_on_http_filter_config_new(void *config, buffer name, buffer value) { return &any; }
void envoy_dynamic_module_on_http_filter_config_destroy(void *config) {}
void *envoy_dynamic_module_on_http_filter_new(void *config, void *stream) { return &any; }
void envoy_dynamic_module_on_http_filter_destroy(void *filter) {}
void envoy_dynamic_module_on_http_filter_stream_complete(void *stream, void *filter) {}

int envoy_dynamic_module_on_http_filter_request_headers(void *stream, void *filter, bool end) {
  buffer value = {0, 0};
  size_t count = 0;
  bool found = envoy_dynamic_module_callback_http_get_header(stream, REQUEST_HEADERS, text("allow"), &value, 0, &count);
  if (found && count == 1 && value.length == 4 && memcmp(value.ptr, "true", 4) == 0) return CONTINUE;
  header type = {text("content-type"), text("text/plain")};
  envoy_dynamic_module_callback_http_send_response(stream, 403, &type, 1, text("Forbidden by ASM Wasm Plugin"),
                                                   text("header_auth_refused"));
  return STOP;
}
int envoy_dynamic_module_on_http_filter_request_body(void *stream, void *filter, bool end) { return CONTINUE; }
int envoy_dynamic_module_on_http_filter_request_trailers(void *stream, void *filter) { return CONTINUE; }
int envoy_dynamic_module_on_http_filter_response_headers(void *stream, void *filter, bool end) { return CONTINUE; }
int envoy_dynamic_module_on_http_filter_response_body(void *stream, void *filter, bool end) { return CONTINUE; }
int envoy_dynamic_module_on_http_filter_response_trailers(void *stream, void *filter) { return CONTINUE; }

// What else Envoy looks for in a module; none of it happens here.
#define UNUSED(name) \
  int envoy_dynamic_module_on_http_filter_##name(void) { return 0; }
UNUSED(http_callout_done)
UNUSED(http_stream_headers)
UNUSED(http_stream_data)
UNUSED(http_stream_trailers)
UNUSED(http_stream_complete)
UNUSED(http_stream_reset)
UNUSED(scheduled)
UNUSED(downstream_above_write_buffer_high_watermark)
UNUSED(downstream_below_write_buffer_low_watermark)
UNUSED(local_reply)
UNUSED(config_scheduled)
UNUSED(config_http_callout_done)
UNUSED(config_http_stream_headers)
UNUSED(config_http_stream_data)
UNUSED(config_http_stream_trailers)
UNUSED(config_http_stream_complete)
UNUSED(config_http_stream_reset)
UNUSED(per_route_config_new)
UNUSED(per_route_config_destroy)
