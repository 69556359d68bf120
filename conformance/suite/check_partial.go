package suite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// headersAre compares headers of which a case does not say all; sent are those that an edit changes.
func (k *checker) headersAre(field string, w *table.Headers, sent, got []headermap.Header) {
	switch {
	case w.Any:
	case w.Some():
		for _, h := range w.Has {
			if !slices.ContainsFunc(got, matcher(h)) {
				k.differ(field, "a header "+renderWanted(h), orNone(renderHeaders(named(h.Name, got))))
			}
		}
		for _, h := range w.Lacks {
			if at := slices.IndexFunc(got, matcher(h)); at >= 0 {
				k.differ(field, "no header "+renderWanted(h), renderHeaders(got[at:at+1]))
			}
		}
	case w.Edits():
		list := table.Wanted(sent)
		without := func(name string) {
			list = slices.DeleteFunc(list, func(h table.Header) bool { return sameName(h.Name, name) })
		}
		for _, name := range w.Remove {
			without(name)
		}
		list = append(list, w.Add...)
		for _, h := range w.Set {
			without(h.Name)
			list = append(list, h)
		}
		k.whole(field, list, got)
	default:
		k.whole(field, w.List, got)
	}
}

// whole compares a whole list with patterns.
func (k *checker) whole(field string, wanted []table.Header, got []headermap.Header) {
	resolved := resolvedHeaders(wanted, got)
	if field == "client headers" {
		k.clientHeaders(resolved, got)
		return
	}
	k.headers(field, resolved, got)
}

// resolvedHeaders are the wanted headers, with each pattern replaced by the value that it matches: that of the header
// of its name with the same number.
func resolvedHeaders(wanted []table.Header, got []headermap.Header) []headermap.Header {
	all := make([]headermap.Header, len(wanted))
	seen := map[string]int{}
	for i, w := range wanted {
		name := headermap.ToLower(w.Name)
		values := named(name, got)
		all[i] = headermap.Header{Name: name, Value: w.Value.Text}
		if w.Value.Form != table.Exactly {
			all[i].Value = w.Value.String()
			if nth := seen[name]; nth < len(values) && w.Value.Match(values[nth].Value) {
				all[i].Value = values[nth].Value
			}
		}
		seen[name]++
	}
	return all
}

func sameName(a, b string) bool { return headermap.ToLower(a) == headermap.ToLower(b) }

// named are the headers of one name.
func named(name string, headers []headermap.Header) (all []headermap.Header) {
	for _, h := range headers {
		if sameName(h.Name, name) {
			all = append(all, h)
		}
	}
	return all
}

func matcher(w table.Header) func(headermap.Header) bool {
	return func(h headermap.Header) bool { return sameName(w.Name, h.Name) && w.Value.Match(h.Value) }
}

func renderWanted(h table.Header) string {
	name := quote(headermap.ToLower(h.Name))
	switch h.Value.Form {
	case table.Exactly:
		return name + ": " + quote(h.Value.Text)
	case table.AnyValue:
		return name
	}
	return name + ": " + h.Value.String()
}

func renderWantedLog(l table.WantedLog) string {
	if l.Text.Form == table.Exactly {
		return l.Level + " " + quote(l.Text.Text)
	}
	return l.Level + " " + l.Text.String()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// body compares a body with the pattern, or without one with the whole.
func (k *checker) body(field string, w *table.Pattern, whole, got string) {
	switch {
	case w == nil:
		k.equal(field, renderBody(whole), renderBody(got))
	case w.Form == table.Exactly:
		k.equal(field, renderBody(w.Text), renderBody(got))
	case !w.Match(got):
		k.differ(field, w.String(), renderBody(got))
	}
}

func (k *checker) trailers(field string, w *table.Headers, whole, got []headermap.Header) {
	if w == nil {
		k.headers(field, lowered(whole), got)
		return
	}
	k.headersAre(field, w, whole, got)
}

// What happens when a content-length is not that of the body. Envoy passes both on as the filters left them.
const (
	upstreamWaits = "the upstream"
	clientWaits   = "the client"
)

// framing compares the content-length that has left with the body that has left. A message that its sender has framed
// wrongly, and that the plugin has not changed, is not the plugin's fault.
func (k *checker) framing(field, reader string, sent []headermap.Header, body string, got *Received, noBody bool) {
	lengths := named("content-length", got.Headers)
	if !got.Ended || noBody || len(lengths) == 0 || bodiless(got.Headers) {
		return
	}
	right := strconv.Itoa(len(got.Body))
	if !slices.ContainsFunc(lengths, func(h headermap.Header) bool { return h.Value != right }) {
		return
	}
	if slices.Equal(lengths, lowered(named("content-length", sent))) && body == got.Body {
		return
	}
	consequence := fmt.Sprintf("%s waits for the rest of the body until it gives up", reader)
	if n, err := strconv.Atoi(strings.TrimSpace(lengths[0].Value)); err == nil && n < len(got.Body) {
		consequence = fmt.Sprintf("%s takes the rest of the body for the beginning of another message", reader)
	}
	k.differ(field, "content-length "+right+", or none: the plugin removes it before it changes the body",
		fmt.Sprintf("%s with a body of %d bytes: Envoy sends both, and %s", renderHeaders(lengths), len(got.Body),
			consequence))
}

// bodiless says whether a response of this status has no body, whatever its content-length is.
func bodiless(headers []headermap.Header) bool {
	status := valueOf(headers, ":status")
	return status == "204" || status == "304"
}
