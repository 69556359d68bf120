package image

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type step struct {
	name  string
	is    func(method, path string) bool
	moved bool
}

// A push asks a registry for these steps, in this order; moved says whether the tag is moved before the step.
var steps = []step{
	{"ping", func(_, p string) bool { return p == "/v2/" }, false},
	{"begin upload", func(m, p string) bool { return m == "POST" && strings.Contains(p, "/blobs/uploads/") }, false},
	{"look for blob", func(m, p string) bool { return m == "HEAD" && strings.Contains(p, "/blobs/sha256") }, false},
	{"upload", func(m, p string) bool { return m == "PATCH" }, false},
	{"end upload", func(m, p string) bool { return m == "PUT" && strings.Contains(p, "/blobs/") }, false},
	{"push manifest", func(m, p string) bool { return m == "PUT" && strings.Contains(p, "/manifests/sha256") }, false},
	{"read manifest", func(m, p string) bool { return m == "GET" && strings.Contains(p, "/manifests/sha256") }, false},
	{"read blob", func(m, p string) bool { return m == "GET" && strings.Contains(p, "/blobs/") }, false},
	{"move tag", func(m, p string) bool { return m == "PUT" && strings.Contains(p, "/manifests/latest") }, false},
	{"read tag", func(m, p string) bool { return m == "GET" && strings.Contains(p, "/manifests/latest") }, true},
}

// faulty is a registry that can do a step wrongly.
type faulty struct {
	good http.Handler

	mu       sync.Mutex
	is       func(method, path string) bool
	fault    http.HandlerFunc // nil: none
	times    int              // how often the fault happens; -1: always
	happened int
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	wrong := f.fault != nil && f.is(r.Method, r.URL.Path) && f.times != 0
	if wrong {
		f.times--
		f.happened++
	}
	f.mu.Unlock()
	if wrong {
		f.fault(w, r)
		return
	}
	f.good.ServeHTTP(w, r)
}

// bells are the timers of a push: they ring when a test says so, and not by the clock.
type bells struct {
	mu  sync.Mutex
	all []*bell
}

type bell struct {
	bells *bells
	ring  func()
	off   bool
}

func (b *bells) new(_ time.Duration, ring func()) alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := &bell{b, ring, false}
	b.all = append(b.all, one)
	return one
}

func (b *bell) Reset(time.Duration) bool { return true }

func (b *bell) Stop() bool {
	b.bells.mu.Lock()
	defer b.bells.mu.Unlock()
	b.off = true
	return true
}

// ring lets the time of every step that goes on be over.
func (b *bells) ring() {
	b.mu.Lock()
	due := slices.DeleteFunc(slices.Clone(b.all), func(b *bell) bool { return b.off })
	b.mu.Unlock()
	for _, one := range due {
		one.ring()
	}
}

// trial pushes module to the registry with a stopped clock, and says how long it paused between tries.
type trial struct {
	ctx    context.Context
	cancel context.CancelFunc
	bells  bells
	pauses []time.Duration
}

func newTrial(t *testing.T) *trial {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return &trial{ctx: ctx, cancel: cancel}
}

func (t *trial) access() *access {
	a := newAccess(t.ctx, false)
	a.transport.alarm = t.bells.new
	a.pause = func(ctx context.Context, d time.Duration) error {
		t.pauses = append(t.pauses, d)
		return ctx.Err()
	}
	return a
}

func (t *trial) push(o PushOptions) (Pushed, error) {
	p, err := newPusher(t.access(), o)
	if err != nil {
		return Pushed{}, err
	}
	return p.Push(module)
}

// TestEachStepFails lets every step of a push fail in every way. The push ends, with the right kind of error, and the
// tag names what it named before.
func TestEachStepFails(t *testing.T) {
	registry := &faulty{good: memoryRegistry()}
	host := serve(t, registry)
	faults := []struct {
		name    string
		message string // one of them, separated by |
		tries   int
		reading bool // only steps whose answer is read
		handler func(*trial) http.HandlerFunc
	}{
		{"hangs", "does not answer: it sent nothing for 30s", 1, false, func(t *trial) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { t.bells.ring(); gone(r) }
		}},
		{"hangs in the middle", "does not answer: it sent nothing for 30s", 1, true, func(t *trial) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				begin(w)
				t.bells.ring()
				gone(r)
			}
		}},
		{"is interrupted", "interrupted", 1, false, func(t *trial) http.HandlerFunc {
			return func(_ http.ResponseWriter, r *http.Request) { t.cancel(); gone(r) }
		}},
		{"cuts the connection", "the connection to | broke", tries, false, func(*trial) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}},
		{"is broken", `answered HTTP 500, "UNKNOWN: disk ?[31mfull"`, tries, false, func(*trial) http.HandlerFunc {
			return answer(500, `{"errors":[{"code":"UNKNOWN","message":"disk \u001b[31mfull"}]}`)
		}},
		{"refuses", `(HTTP 403, "DENIED: ask ann"): log in with`, 1, false, func(*trial) http.HandlerFunc {
			return answer(403, `{"errors":[{"code":"DENIED","message":"ask\nann"}]}`)
		}},
		{"wants credentials", "without credentials (HTTP 401", 1, false, func(*trial) http.HandlerFunc {
			return answer(401, "")
		}},
		{"is busy for hours", `asks to come back in 1h0m0s (HTTP 429, "slow`, 1, false, func(*trial) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "3600")
				answer(429, "slow down")(w, r)
			}
		}},
	}
	for _, fault := range faults {
		for _, step := range steps {
			if fault.reading && !strings.HasPrefix(step.name, "read ") || fault.name == "wants credentials" &&
				step.name == "ping" {
				continue // the answer is not read, or is a usual one
			}
			t.Run(fault.name+"/"+step.name, func(t *testing.T) {
				noCredentials(t)
				registry.fault = nil
				registry.good = memoryRegistry()
				options := PushOptions{Registry: host, Lang: "go", Builder: "none", Labels: map[string]string{"n": "before"}}
				before, err := push(options)
				if err != nil {
					t.Fatal(err)
				}
				options.Labels = map[string]string{"n": "after"} // a new configuration, so that there is something to upload
				try := newTrial(t)
				registry.mu.Lock()
				registry.is, registry.times, registry.happened, registry.fault = step.is, -1, 0, fault.handler(try)
				registry.mu.Unlock()
				_, err = try.push(options)
				registry.mu.Lock()
				happened := registry.happened
				registry.fault = nil
				registry.mu.Unlock()
				for part := range strings.SplitSeq(fault.message, "|") {
					if strings.HasPrefix(part, `(HTTP 4`) && step.is("HEAD", "/blobs/sha256") {
						continue // an answer to HEAD has no text
					}
					if step.is("HEAD", "/blobs/sha256") {
						part, _, _ = strings.Cut(part, `, "`)
					}
					wantError(t, err, Environment, strings.TrimSpace(part))
				}
				if fault.tries == 1 && len(try.pauses) > 0 || happened == 0 || happened > 6*tries {
					t.Errorf("the step was done %d times, with pauses %v; want no more than %d tries", happened, try.pauses,
						fault.tries)
				}
				if fault.tries == tries && !slices.Equal(try.pauses,
					[]time.Duration{time.Second, 3 * time.Second, 9 * time.Second}) {
					t.Errorf("pauses %v, want 1s, 3s, 9s", try.pauses)
				}
				now := "sha256:" + sum(pull(t, host, "header-auth-go", "latest").manifest)
				if (now != before.ManifestDigest) != step.moved {
					t.Errorf("the tag names %s, before it %s; want it moved: %v", now, before.ManifestDigest, step.moved)
				}
			})
		}
	}
}

// gone waits until the client has left, which a server notices only when it has read the request.
func gone(r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// begin sends the head of an answer and the first byte of its body.
func begin(w http.ResponseWriter) {
	w.Write([]byte("{"))
	w.(http.Flusher).Flush()
}

func answer(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		w.Write([]byte(text))
	}
}

// TestPassingFaults: a busy registry, or an upload that breaks, costs a pause and no more.
func TestPassingFaults(t *testing.T) {
	registry := &faulty{}
	host := serve(t, registry)
	for _, test := range []struct {
		step   string
		fault  http.HandlerFunc
		pauses []time.Duration
	}{
		{"begin upload", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			answer(429, "slow down")(w, r)
		}, []time.Duration{7 * time.Second}},
		{"move tag", answer(503, ""), []time.Duration{time.Second}},
		{"upload", answer(404, `{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"gone"}]}`), []time.Duration{time.Second}},
		{"end upload", answer(400, `{"errors":[{"code":"DIGEST_INVALID","message":"other bytes"}]}`),
			[]time.Duration{time.Second}},
		{"push manifest", answer(400, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"no blob"}]}`),
			[]time.Duration{time.Second}},
		{"read blob", func(w http.ResponseWriter, _ *http.Request) { begin(w); panic(http.ErrAbortHandler) },
			[]time.Duration{time.Second}},
	} {
		t.Run(test.step, func(t *testing.T) {
			noCredentials(t)
			registry.good, registry.fault, registry.times = memoryRegistry(), test.fault, 1
			registry.is = steps[slices.IndexFunc(steps, func(s step) bool { return s.name == test.step })].is
			try := newTrial(t)
			_, err := try.push(PushOptions{Registry: host, Lang: "go", Builder: "none"})
			if err != nil || !slices.Equal(try.pauses, test.pauses) {
				t.Errorf("%v after pauses %v, want them to be %v", err, try.pauses, test.pauses)
			}
		})
	}
}

// TestEndlessAnswers: what is no blob has a longest length.
func TestEndlessAnswers(t *testing.T) {
	registry := &faulty{fault: func(w http.ResponseWriter, r *http.Request) {
		for junk := make([]byte, 1<<16); r.Context().Err() == nil; {
			if _, err := w.Write(junk); err != nil {
				return
			}
		}
	}}
	host := serve(t, registry)
	for what, message := range map[string]string{
		"ping": "", "read manifest": "more than 8388608 bytes", "read tag": "more than 8388608 bytes",
	} {
		registry.good, registry.times = memoryRegistry(), -1
		registry.is = steps[slices.IndexFunc(steps, func(s step) bool { return s.name == what })].is
		_, err := push(PushOptions{Registry: host, Lang: "go", Builder: "none"})
		if message == "" && err != nil {
			t.Errorf("%s: %v, want it to go on", what, err)
		}
		if message != "" {
			wantError(t, err, Environment, message)
		}
	}
}

// TestLies: a registry that says one thing and does another.
func TestLies(t *testing.T) {
	registry := &faulty{times: -1}
	host := serve(t, registry)
	other := imageOf(t, "application/vnd.oci.image.manifest.v1+json")
	manifest, err := other.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	send := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Write(manifest)
	}
	for _, test := range []struct {
		step    string
		fault   http.HandlerFunc
		message string
	}{
		{"push manifest", answer(201, ""), "NAME_UNKNOWN"}, // it keeps nothing
		{"read manifest", send, "sends other bytes than it names"},
		{"read tag", send, "the tag names sha256:"},
		{"read blob", answer(200, "short"), "sends other bytes than it names"},
		{"read blob", answer(200, strings.Repeat("x", 1<<16)), "sends other bytes than it names"},
	} {
		t.Run(test.step, func(t *testing.T) {
			noCredentials(t)
			registry.good, registry.fault, registry.times = memoryRegistry(), test.fault, -1
			registry.is = steps[slices.IndexFunc(steps, func(s step) bool { return s.name == test.step })].is
			_, err := newTrial(t).push(PushOptions{Registry: host, Lang: "go", Builder: "none"})
			kind := Rejected
			if test.step == "push manifest" {
				kind = Environment
			}
			wantError(t, err, kind, test.message)
		})
	}
}
