package record

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host/headermap"
)

// message is a request or a response as it was sent.
type message struct {
	headers  []headermap.Header
	body     string
	trailers []headermap.Header
}

// addChanges adds to a want what is not as it was sent: under the key the headers, under key_body and key_trailers the
// rest.
func addChanges(m *casefile.Map, key string, sent message, got *suite.Received) {
	addHeaders(m, key, lowered(sent.headers), lowered(got.Headers))
	if got.Body != sent.body {
		m.Add(key+"_body", casefile.Bytes(got.Body))
	}
	if !slices.Equal(lowered(sent.trailers), lowered(got.Trailers)) {
		m.Add(key+"_trailers", headerPairs(got.Trailers))
	}
}

// addHeaders adds headers that are not those sent: as an edit of these, or, where an edit would give another order, as
// a list.
func addHeaders(m *casefile.Map, key string, sent, got []headermap.Header) {
	if slices.Equal(sent, got) {
		return
	}
	if e := editFrom(sent, got); slices.Equal(e.of(sent), got) {
		m.Add(key, e.yaml())
	} else {
		m.Add(key, list(sent, got, key))
	}
}

// headerEdit is the form {remove, add, set} of a case.
type headerEdit struct {
	remove   []string
	add, set []headermap.Header
}

// editFrom is the edit of the headers sent that gives the values of got, perhaps in another order.
func editFrom(sent, got []headermap.Header) (e headerEdit) {
	stay := map[string]int{} // of names with added values: how many of the values that were sent stay before them
	done := map[string]bool{}
	for _, h := range slices.Concat(sent, got) {
		before, after := values(h.Name, sent), values(h.Name, got)
		if done[h.Name] || slices.Equal(before, after) {
			continue
		}
		done[h.Name] = true
		switch n := len(before); {
		case len(after) == 1 && n > 0:
			e.set = append(e.set, headermap.Header{Name: h.Name, Value: after[0]})
		case len(after) < n || !slices.Equal(before, after[:n]):
			e.remove = append(e.remove, h.Name)
			stay[h.Name] = 0
		default:
			stay[h.Name] = n
		}
	}
	seen := map[string]int{}
	for _, h := range got { // in the order in which they came
		if n, ok := stay[h.Name]; ok && seen[h.Name] >= n {
			e.add = append(e.add, h)
		}
		seen[h.Name]++
	}
	return e
}

// of is what the edit makes of headers.
func (e *headerEdit) of(headers []headermap.Header) []headermap.Header {
	left := slices.DeleteFunc(slices.Clone(headers), func(h headermap.Header) bool {
		return slices.Contains(e.remove, h.Name) || len(values(h.Name, e.set)) > 0
	})
	return slices.Concat(left, e.add, e.set)
}

func (e *headerEdit) yaml() (m casefile.Map) {
	addList(&m, "remove", texts(e.remove))
	addList(&m, "add", headerPairs(e.add))
	addList(&m, "set", headerPairs(e.set))
	return m
}

// list is the whole list, or where it can't be written (the loader adds what Envoy adds to a request), all that is in
// it.
func list(sent, got []headermap.Header, key string) any {
	const before, after = 4, 2 // headers that Envoy adds to a request
	switch n := len(sent); {
	case key != "forwarded" || n < before+after || sent[0].Name != ":authority" || sent[n-1].Name != "x-request-id":
		return headerPairs(got)
	case len(got) >= before+after && slices.Equal(sent[:before], got[:before]) &&
		slices.Equal(sent[n-after:], got[len(got)-after:]):
		return headerPairs(got[before : len(got)-after])
	}
	m := casefile.Map{{Key: "has", Value: headerPairs(got)}}
	var lacks []string
	for _, h := range sent {
		if len(values(h.Name, got)) == 0 {
			lacks = append(lacks, h.Name)
		}
	}
	addList(&m, "lacks", texts(lacks))
	return m
}

// kept are headers without those that Envoy adds to a response, unless they were sent.
func kept(sent, got []headermap.Header) []headermap.Header {
	return slices.DeleteFunc(slices.Clone(got), func(h headermap.Header) bool {
		return suite.HostOwned(h.Name) && len(values(h.Name, sent)) == 0
	})
}

func values(name string, headers []headermap.Header) (all []string) {
	for _, h := range headers {
		if h.Name == headermap.ToLower(name) {
			all = append(all, h.Value)
		}
	}
	return all
}

func lowered(headers []headermap.Header) []headermap.Header {
	out := slices.Clone(headers)
	for i := range out {
		out[i].Name = headermap.ToLower(out[i].Name)
	}
	return out
}

func headerPairs(headers []headermap.Header) casefile.List {
	all := casefile.List{}
	for _, h := range headers {
		all = append(all, casefile.Pair(h.Name, h.Value))
	}
	return all
}

func texts[T string | []byte](all []T) casefile.List {
	list := casefile.List{}
	for _, text := range all {
		list = append(list, casefile.Bytes(text))
	}
	return list
}

// addList adds a list that is not empty.
func addList(m *casefile.Map, key string, list casefile.List) {
	if len(list) > 0 {
		m.Add(key, list)
	}
}
