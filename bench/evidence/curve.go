package evidence

import (
	"math"
	"slices"
)

const (
	mostChanges = 400 // that a curve keeps
	perDecade   = 10  // points that it keeps besides, evenly on a log scale
)

// Curve keeps the size of linear memory over requests: each change, or every second, fourth … one once there are too
// many, so that what is kept stays spread over all of them. Every point is what was seen after so many requests.
type Curve struct {
	points  []Point
	changed []bool // of points
	last    int64  // bytes
	changes int    // seen so far
	kept    int
	stride  int // of the changes that are kept
	next    int // requests at which a point is due anyway
}

// NewCurve begins with the size of memory before the first request.
func NewCurve(bytes int64) *Curve {
	return &Curve{points: []Point{{Bytes: bytes}}, changed: []bool{false}, last: bytes, stride: 1, next: 1}
}

// Note is called after each request, in order.
func (c *Curve) Note(requests int, bytes int64) {
	changed, due := bytes != c.last, requests >= c.next
	if !changed && !due {
		return
	}
	for c.next <= requests {
		c.next = max(c.next+1, int(math.Round(float64(c.next)*math.Pow(10, 1.0/perDecade))))
	}
	c.last = bytes
	chosen := changed && c.changes%c.stride == 0
	if changed {
		c.changes++
	}
	if !chosen && !due {
		return
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
func (c *Curve) thin() {
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

// UpTo is the curve so far, with its end.
func (c *Curve) UpTo(requests int, bytes int64) []Point {
	points := slices.Clone(c.points)
	if end := (Point{Requests: requests, Bytes: bytes}); points[len(points)-1] != end {
		points = append(points, end)
	}
	return points
}
