package evidence

import (
	"math"
	"slices"
)

const (
	mostChanges = 400 // that are kept
	perDecade   = 10  // further points, evenly on a log scale
)

// MemoryCurve records the size of linear memory over requests: each change; once there are too many, every second
// change, then every fourth, and so on, so that those kept are spread over all of them. A point is the size after so
// many requests.
type MemoryCurve struct {
	points  []Point
	changed []bool // of points
	last    int64  // bytes
	latest  Point  // the last change
	changes int    // seen so far
	kept    int
	stride  int // of the changes that are kept
	next    int // requests at which a point is kept even without a change
}

// NewMemoryCurve begins with the size of memory before the first request.
func NewMemoryCurve(bytes int64) *MemoryCurve {
	return &MemoryCurve{points: []Point{{Bytes: bytes}}, changed: []bool{false}, last: bytes, stride: 1, next: 1}
}

// Note is called after each request, in order.
func (c *MemoryCurve) Note(requests int, bytes int64) {
	changed, due := bytes != c.last, requests >= c.next
	if !changed && !due {
		return
	}
	for c.next <= requests {
		c.next = max(c.next+1, int(math.Round(float64(c.next)*math.Pow(10, 1.0/perDecade))))
	}
	c.last = bytes
	if changed {
		c.latest = Point{Requests: requests, Bytes: bytes}
	}
	chosen := changed && c.changes%c.stride == 0
	if changed {
		c.changes++
	}
	if !chosen && !due {
		return
	}
	if !changed && c.latest.Requests > c.points[len(c.points)-1].Requests {
		// The point must not look like the change that came before it.
		c.points, c.changed = append(c.points, c.latest), append(c.changed, false)
	}
	c.points = append(c.points, Point{Requests: requests, Bytes: bytes})
	c.changed = append(c.changed, chosen && !due)
	if chosen && !due {
		if c.kept++; c.kept > mostChanges {
			c.thin()
		}
	}
}

// thin drops every second change.
func (c *MemoryCurve) thin() {
	c.stride *= 2
	points, changed, seen := c.points[:0], c.changed[:0], 0
	c.kept = 0
	for i, p := range c.points {
		if c.changed[i] {
			if seen++; seen%2 == 0 {
				continue
			}
			c.kept++
		}
		points, changed = append(points, p), append(changed, c.changed[i])
	}
	c.points, c.changed = points, changed
}

// UpTo is the curve so far, with a point for the last change and a last one for these requests and bytes.
func (c *MemoryCurve) UpTo(requests int, bytes int64) []Point {
	points := slices.Clone(c.points)
	if c.latest.Requests > points[len(points)-1].Requests {
		points = append(points, c.latest)
	}
	if end := (Point{Requests: requests, Bytes: bytes}); points[len(points)-1] != end {
		points = append(points, end)
	}
	return points
}
