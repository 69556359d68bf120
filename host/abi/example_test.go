package abi_test

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// All functions that Envoy offers to plugins, with their parameters. An arrow marks an out word, or a pair of out words
// for an address and a length.
func ExampleFunctions() {
	for _, f := range abi.Functions(profile.Default) {
		var params []string
		for _, p := range f.Params {
			name := p.Name
			if p.Kind.Out() {
				name = "→" + name
			}
			params = append(params, name)
		}
		fmt.Printf("%s(%s)\n", f.Name, strings.Join(params, ", "))
	}

	// Output:
	// proxy_log(level, message)
	// proxy_get_log_level(→level)
	// proxy_get_header_map_value(map, name, →value)
	// proxy_add_header_map_value(map, name, value)
	// proxy_replace_header_map_value(map, name, value)
	// proxy_remove_header_map_value(map, name)
	// proxy_get_header_map_pairs(map, →pairs)
	// proxy_set_header_map_pairs(map, pairs)
	// proxy_get_header_map_size(map, →size)
	// proxy_get_buffer_bytes(buffer, start, max, →bytes)
	// proxy_get_buffer_status(buffer, →length, →flags)
	// proxy_set_buffer_bytes(buffer, start, size, bytes)
	// proxy_get_configuration(→bytes)
	// proxy_send_local_response(status, details, body, headers, grpc_status)
	// proxy_continue_stream(stream)
	// proxy_close_stream(stream)
	// proxy_continue_request()
	// proxy_continue_response()
	// proxy_clear_route_cache()
	// proxy_set_effective_context(context)
	// proxy_done()
	// proxy_http_call(cluster, headers, body, trailers, timeout_ms, →token)
	// proxy_get_status(→code, →message)
	// proxy_grpc_call(upstream, service, method, metadata, message, timeout_ms, →token)
	// proxy_grpc_stream(upstream, service, method, metadata, →token)
	// proxy_grpc_send(token, message, end_of_stream)
	// proxy_grpc_cancel(token)
	// proxy_grpc_close(token)
	// proxy_define_metric(type, name, →metric)
	// proxy_increment_metric(metric, delta)
	// proxy_record_metric(metric, value)
	// proxy_get_metric(metric, →value)
	// proxy_get_shared_data(key, →value, →cas)
	// proxy_set_shared_data(key, value, cas)
	// proxy_register_shared_queue(name, →queue)
	// proxy_resolve_shared_queue(vm_id, name, →queue)
	// proxy_enqueue_shared_queue(queue, item)
	// proxy_dequeue_shared_queue(queue, →item)
	// proxy_get_property(path, →value)
	// proxy_set_property(path, value)
	// proxy_get_current_time_nanoseconds(→time)
	// proxy_set_tick_period_milliseconds(milliseconds)
	// proxy_call_foreign_function(name, arguments, →results)
	// envoy_resolve_dns(address, →token)
	// emscripten_notify_memory_growth(memory)
	// pthread_equal(a, b)
}

// The callbacks that Envoy makes in a plugin of version 0.2.1. The first parameter, the context, is left out.
func ExampleCallback() {
	for c := range abi.Callbacks {
		var params []string
		for _, p := range c.Params(abi.V021)[1:] {
			params = append(params, p.Name)
		}
		fmt.Printf("%s(%s)\n", c.Name(), strings.Join(params, ", "))
	}

	// Output:
	// proxy_on_context_create(parent)
	// proxy_on_vm_start(size)
	// proxy_on_configure(size)
	// proxy_on_tick()
	// proxy_on_request_headers(headers, end_of_stream)
	// proxy_on_request_body(size, end_of_stream)
	// proxy_on_request_trailers(trailers)
	// proxy_on_response_headers(headers, end_of_stream)
	// proxy_on_response_body(size, end_of_stream)
	// proxy_on_response_trailers(trailers)
	// proxy_on_log()
	// proxy_on_done()
	// proxy_on_delete()
	// proxy_on_http_call_response(token, headers, body, trailers)
	// proxy_on_grpc_receive_initial_metadata(token, headers)
	// proxy_on_grpc_receive(token, size)
	// proxy_on_grpc_receive_trailing_metadata(token, headers)
	// proxy_on_grpc_close(token, status)
	// proxy_on_queue_ready(queue)
	// proxy_on_foreign_function(function, size)
	// proxy_on_new_connection()
	// proxy_on_downstream_data(size, end_of_stream)
	// proxy_on_upstream_data(size, end_of_stream)
	// proxy_on_downstream_connection_close(peer)
	// proxy_on_upstream_connection_close(peer)
	// proxy_on_request_metadata(elements)
	// proxy_on_response_metadata(elements)
	// proxy_validate_configuration(size)
}
