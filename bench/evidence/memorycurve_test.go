package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMemoryCurve(t *testing.T) {
	const page = 64 << 10
	tests := []struct {
		name     string
		requests int
		bytes    func(requests int) int64
		most     int // points
		late     int // points in the last half, at least
	}{
		{"flat", 1_000_000, func(int) int64 { return page }, 64, 3},
		{"grows once", 1_000_000, func(n int) int64 { return page * int64(1+min(1, n/5000)) }, 66, 3},
		{"doubles", 1_000_000, func(n int) int64 {
			size := int64(page)
			for ; n > 100; n /= 2 {
				size *= 2
			}
			return size
		}, 80, 3},
		{"a page every 16 requests", 1_000_000, func(n int) int64 { return page * int64(1+n/16) }, 470, 100},
		{"with each request", 100_000, func(n int) int64 { return page * int64(n) }, 470, 90},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewMemoryCurve(test.bytes(0))
			for n := 1; n <= test.requests; n++ {
				c.Note(n, test.bytes(n))
			}
			points := c.UpTo(test.requests, test.bytes(test.requests))
			late := 0
			for i, p := range points {
				if want := test.bytes(p.Requests); p.Bytes != want {
					t.Fatalf("%d bytes after %d requests, want %d", p.Bytes, p.Requests, want)
				}
				if i > 0 && p.Requests <= points[i-1].Requests {
					t.Fatalf("%d requests come after %d", p.Requests, points[i-1].Requests)
				}
				if p.Requests > test.requests/2 {
					late++
				}
			}
			if len(points) > test.most || late < test.late || points[len(points)-1].Requests != test.requests {
				t.Errorf("%d points, %d of them late, the last after %d requests", len(points), late,
					points[len(points)-1].Requests)
			}
		})
	}
}

// TestMemoryCurveKeepsEveryChange: a verdict needs the request at which memory grew, not one at which it was recorded
// anyway.
func TestMemoryCurveKeepsEveryChange(t *testing.T) {
	c := NewMemoryCurve(1)
	for n := 1; n <= 30; n++ {
		c.Note(n, int64(1+n/13))
	}
	got := c.UpTo(30, 3)
	for _, want := range []Point{{Requests: 0, Bytes: 1}, {Requests: 13, Bytes: 2}, {Requests: 26, Bytes: 3},
		{Requests: 30, Bytes: 3}} {
		found := false
		for _, p := range got {
			found = found || cmp.Equal(p, want)
		}
		if !found {
			t.Errorf("no %+v in %+v", want, got)
		}
	}
}

// TestMemoryCurveKeepsTheLastChange: of memory that grew with every request until it was full, the verdict needs the
// last change, however many were dropped before it.
func TestMemoryCurveKeepsTheLastChange(t *testing.T) {
	const full = 16_379
	c := NewMemoryCurve(0)
	for n := 1; n <= 1_000_000; n++ {
		c.Note(n, int64(min(n, full)))
	}
	points := c.UpTo(1_000_000, full)
	for i, p := range points[1:] {
		if p.Bytes != points[i].Bytes && p.Requests > full {
			t.Errorf("it grows to %d after %d requests", p.Bytes, p.Requests)
		}
	}
	if points[len(points)-1].Bytes != full {
		t.Errorf("it ends with %+v", points[len(points)-1])
	}
}
