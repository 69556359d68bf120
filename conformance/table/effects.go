package table

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// effects reads the keys that start and want share.
func (r *reader) effects(o object) Want {
	var e Want
	set(&e.Logs, o, "logs", r.logs)
	if e.AnyCalls = isAny(o.fields["calls"]); o.has("calls") && !e.AnyCalls {
		e.Calls = each(r.list(o.fields["calls"], "calls {cluster, headers, timeout_ms}"), r.call)
	}
	if e.AnyMetrics = isAny(o.fields["metrics"]); !e.AnyMetrics {
		set(&e.Metrics, o, "metrics", r.metrics)
	}
	if e.AnyEffects = isAny(o.fields["effects"]); o.has("effects") && !e.AnyEffects {
		e.Effects = each(r.list(o.fields["effects"], "effects {shared_data: key, value}"), r.effect)
	}
	if e.AnyGRPC = isAny(o.fields["grpc"]); o.has("grpc") && !e.AnyGRPC {
		e.GRPC = each(r.list(o.fields["grpc"], "gRPC calls {cluster, service, method, message, timeout_ms}"), r.wantedGRPC)
	}
	if o.has("tick_every") {
		period := time.Duration(0)
		if s, ok := o.fields["tick_every"].(*ast.StringNode); !ok || s.Value != "0s" {
			period = r.duration(o.fields["tick_every"])
		}
		e.TickEvery = &period
	}
	if o.has("trap") {
		if s, ok := r.text(o.fields["trap"]); ok {
			if e.Trap = s; !hostFunction.MatchString(s) {
				r.errorf(o.fields["trap"], "the callback %q, expected an export of the plugin, write it like %q", s,
					"proxy_on_request_headers")
			}
		}
	}
	return e
}

// call reads an outgoing call: one named in the contract, or one written out.
func (r *reader) call(n ast.Node) Call {
	if s, ok := n.(*ast.StringNode); ok {
		call, known := r.contract.Calls[s.Value]
		if !known && !r.noContract {
			names := shownNames(r, r.contract.Calls)
			r.errorf(n, "unknown call %q, expected a name of contract.yaml (%s) or a mapping, %s", s.Value,
				strings.Join(names, ", "), r.suggest(s.Value, names, "add it there"))
		}
		return call
	}
	var call Call
	o, ok := r.object(n, callShape)
	if !ok {
		return call
	}
	var p PartialCall
	if o.has("cluster") {
		call.Cluster, p.Cluster = r.valueOrPattern(o.fields["cluster"])
	}
	if o.has("headers") {
		call.Headers, p.Headers = r.wholeOrPartial(o.fields["headers"])
	}
	if o.has("body") {
		body, pattern := r.valueOrPattern(o.fields["body"])
		call.Body, p.Body = []byte(body), pattern
	}
	set(&call.Trailers, o, "trailers", r.headers)
	if p.AnyTimeout = isAny(o.fields["timeout_ms"]); !p.AnyTimeout {
		set(&call.TimeoutMS, o, "timeout_ms", r.number(0, 1<<31-1))
	}
	if p != (PartialCall{}) {
		call.Partial = &p
	}
	return call
}

// effect reads {KIND: name, value}.
func (r *reader) effect(n ast.Node) (e WantedEffect) {
	o, ok := r.object(n, effectShape)
	if !ok {
		return e
	}
	set(&e.Value, o, "value", r.pattern)
	for _, kind := range EffectKinds {
		if !o.has(kind) {
			continue
		}
		if e.Kind != "" {
			r.errorf(n, "an effect that is both %s and %s, expected one of %s, make it two", e.Kind, kind,
				strings.Join(EffectKinds, ", "))
		}
		e.Kind, e.Name = kind, r.bytesText(o.fields[kind])
	}
	if e.Kind == "" && !o.unknownKey {
		r.errorf(n, "an effect without a kind, expected one of %s, add it with the name", strings.Join(EffectKinds, ", "))
	}
	return e
}

// metrics reads {name: value}, where a value is a counter's number or {counter | gauge | histogram: number}.
func (r *reader) metrics(n ast.Node) []Metric {
	pairs, _ := r.pairs(n, "a value for each metric")
	all := []Metric{}
	for _, p := range pairs {
		name, ok := p.Key.(*ast.StringNode)
		if !ok {
			r.errorf(p, "the metric name %q, expected a text, put it in quotes", p.Key.String())
			continue
		}
		m := Metric{"Counter", name.Value, 0}
		if _, number := p.Value.(*ast.IntegerNode); number {
			m.Value = int64(r.integer(p.Value, 0, 1<<62))
		} else if o, ok := r.object(p.Value, metricShape); ok {
			if len(o.fields) != 1 {
				r.errorf(p.Value, "a metric with %d values, expected one of counter, gauge, histogram, keep one", len(o.fields))
				continue
			}
			for kind, value := range o.fields {
				m.Kind, m.Value = strings.ToUpper(kind[:1])+kind[1:], int64(r.integer(value, -1<<62, 1<<62))
			}
		}
		if slices.ContainsFunc(all, func(a Metric) bool { return a.Name == m.Name && a.Kind == m.Kind }) {
			r.errorf(p, "repeated key %q, expected it once, remove one", name.Value)
		}
		all = append(all, m)
	}
	slices.SortFunc(all, Metric.Compare)
	return all
}
