package abi

import "github.com/header-auth/header-auth/host/profile"

// Functions are the host functions of the module env that some version of the ABI has in that Envoy, by family
// (proxy-wasm-cpp-host, src/wasm.cc, WasmBase::registerCallbacks). What they do stands in package host, at the Go
// function of the same name.
func Functions(p profile.Profile) []Function {
	growth := function("emscripten_notify_memory_growth", inAll, Param{"memory", KindI32})
	growth.Result = ResultNone
	if p.Rules().GrowthAtStart {
		growth.Phases |= WhenStarting
	}
	equal := function("pthread_equal", inAll, Param{"a", KindI32}, Param{"b", KindI32})
	equal.Result = ResultValue
	return append(functions(), growth, equal)
}

func functions() []Function {
	log := function("proxy_log", inAll, Param{"level", KindLevel}, Param{"message", KindBytes})
	log.Phases = WhenRunning | WhenStarting | WhenAllocating
	header, name, value := Param{"map", KindMap}, Param{"name", KindBytes}, Param{"value", KindBytes}
	buffer, start := Param{"buffer", KindBuffer}, Param{"start", KindI32}
	stream := Param{"stream", KindStream}
	service, method, metadata := Param{"service", KindBytes}, Param{"method", KindBytes}, Param{"metadata", KindPairs}
	message, token, outToken := Param{"message", KindBytes}, Param{"token", KindI32}, Param{"token", KindOut32}
	metric, path, key := Param{"metric", KindI32}, Param{"path", KindPath}, Param{"key", KindBytes}
	queue, outQueue := Param{"queue", KindI32}, Param{"queue", KindOut32}
	return []Function{
		// The log: hostcalls_log.go.
		log,
		function("proxy_get_log_level", in021, Param{"level", KindOut32}),

		// Header maps: hostcalls_headers.go.
		function("proxy_get_header_map_value", inAll, header, name, Param{"value", KindOutBytes}),
		function("proxy_add_header_map_value", inAll, header, name, value),
		function("proxy_replace_header_map_value", inAll, header, name, value),
		function("proxy_remove_header_map_value", inAll, header, name),
		function("proxy_get_header_map_pairs", inAll, header, Param{"pairs", KindOutPairs}),
		function("proxy_set_header_map_pairs", inAll, header, Param{"pairs", KindPairs}),
		function("proxy_get_header_map_size", inAll, header, Param{"size", KindOut32}),

		// Buffers: hostcalls_buffer.go.
		function("proxy_get_buffer_bytes", inAll, buffer, start, Param{"max", KindI32}, Param{"bytes", KindOutBytes}),
		function("proxy_get_buffer_status", inAll, buffer, Param{"length", KindOut32}, Param{"flags", KindOut32}),
		function("proxy_set_buffer_bytes", inAll, buffer, start, Param{"size", KindI32}, Param{"bytes", KindBytes}),
		function("proxy_get_configuration", in010, Param{"bytes", KindOutBytes}),

		// Streams and contexts: hostcalls_stream.go.
		function("proxy_send_local_response", inAll, Param{"status", KindI32}, Param{"details", KindBytes},
			Param{"body", KindBytes}, Param{"headers", KindPairs}, Param{"grpc_status", KindSigned}),
		function("proxy_continue_stream", in02x, stream),
		function("proxy_close_stream", in02x, stream),
		function("proxy_continue_request", in010),
		function("proxy_continue_response", in010),
		function("proxy_clear_route_cache", in010),
		function("proxy_set_effective_context", inAll, Param{"context", KindI32}),
		function("proxy_done", inAll),

		// HTTP calls: hostcalls_http.go.
		function("proxy_http_call", inAll, Param{"cluster", KindBytes}, Param{"headers", KindPairs},
			Param{"body", KindBytes}, Param{"trailers", KindPairs}, Param{"timeout_ms", KindI32}, outToken),
		function("proxy_get_status", inAll, Param{"code", KindOut32}, Param{"message", KindOutBytes}),

		// gRPC calls: hostcalls_grpc.go.
		function("proxy_grpc_call", inAll, Param{"upstream", KindBytes}, service, method, metadata, message,
			Param{"timeout_ms", KindI32}, outToken),
		function("proxy_grpc_stream", inAll, Param{"upstream", KindBytes}, service, method, metadata, outToken),
		function("proxy_grpc_send", inAll, token, message, Param{"end_of_stream", KindBool}),
		function("proxy_grpc_cancel", inAll, token),
		function("proxy_grpc_close", inAll, token),

		// Metrics: hostcalls_metric.go.
		function("proxy_define_metric", inAll, Param{"type", KindMetric}, name, Param{"metric", KindOut32}),
		function("proxy_increment_metric", inAll, metric, Param{"delta", KindI64}),
		function("proxy_record_metric", inAll, metric, Param{"value", KindI64}),
		function("proxy_get_metric", inAll, metric, Param{"value", KindOut64}),

		// Shared data and queues: hostcalls_shared.go.
		function("proxy_get_shared_data", inAll, key, Param{"value", KindOutBytes}, Param{"cas", KindOut32}),
		function("proxy_set_shared_data", inAll, key, value, Param{"cas", KindI32}),
		function("proxy_register_shared_queue", inAll, name, outQueue),
		function("proxy_resolve_shared_queue", inAll, Param{"vm_id", KindBytes}, name, outQueue),
		function("proxy_enqueue_shared_queue", inAll, queue, Param{"item", KindBytes}),
		function("proxy_dequeue_shared_queue", inAll, queue, Param{"item", KindOutBytes}),

		// Properties: hostcalls_property.go.
		function("proxy_get_property", inAll, path, Param{"value", KindOutBytes}),
		function("proxy_set_property", inAll, path, value),

		// Time: hostcalls_time.go.
		function("proxy_get_current_time_nanoseconds", inAll, Param{"time", KindOut64}),
		function("proxy_set_tick_period_milliseconds", inAll, Param{"milliseconds", KindI32}),

		// Foreign functions: hostcalls_foreign.go.
		function("proxy_call_foreign_function", inAll, name, Param{"arguments", KindBytes},
			Param{"results", KindOutBytes}),
		function("envoy_resolve_dns", inAll, Param{"address", KindBytes}, outToken),
	}
}

// function describes a function that returns a Status and may be called from callbacks only.
func function(name string, versions Versions, params ...Param) Function {
	return Function{Name: name, Params: params, Result: ResultStatus, Versions: versions, Phases: WhenRunning}
}
