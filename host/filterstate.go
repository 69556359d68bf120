package host

// filterState is what plugins have set for an exchange, or Envoy's filters for each other (Envoy,
// source/common/stream_info/filter_state_impl.cc). All plugins of a chain have one.
type filterState map[string]any

// setProperty is the beginning of the name under which a value of proxy_set_property stands in the filter state.
const setProperty = "wasm."

// filterStateProperty is the value of filter_state.NAME.
func (s *Stream) filterStateProperty(name string) (any, bool) {
	v, found := s.filterState[name]
	return v, found
}
