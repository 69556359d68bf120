// Package units writes quantities for people: three significant digits, and the unit that makes the number short.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// None stands where there is no number.
const None = "–"

// Known reports whether x is a number: neither NaN nor infinite.
func Known(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Digits writes three significant digits, and all of those before the point: 0.0123, 3.00, 46.1, 1 194. Zero is "0".
func Digits(x float64) string {
	if !Known(x) {
		return None
	}
	a := math.Abs(x)
	switch {
	case a == 0:
		return "0"
	case a >= 999.5:
		return Count(int64(math.Round(x)))
	case a >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= 0.9995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a >= 0.0995:
		return strconv.FormatFloat(x, 'f', 3, 64)
	}
	return strconv.FormatFloat(x, 'f', min(6, 2-int(math.Floor(math.Log10(a)))), 64)
}

// Ratio writes a quotient. Close to 1 it has a third decimal: 1.001 and 1.004 are not the same.
func Ratio(x float64) string {
	if math.Abs(x-1) < 0.0995 {
		return fmt.Sprintf("%.3f", x)
	}
	return Digits(x)
}

// Percent writes a share, 0 to 1, with one decimal.
func Percent(share float64) string {
	if !Known(share) {
		return None
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// Count writes a whole number with a space between groups of three digits.
func Count[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// Nanos writes a time given in nanoseconds: in ns, µs, ms or s.
func Nanos(x float64) string {
	switch a := math.Abs(x); {
	case !Known(x):
		return None
	case a < 999.5:
		return Digits(x) + " ns"
	case a < 999.5e3:
		return Digits(x/1e3) + " µs"
	case a < 999.5e6:
		return Digits(x/1e6) + " ms"
	}
	return Digits(x/1e9) + " s"
}

// Bytes writes a size given in bytes: in B, KiB, MiB or GiB. A whole number of bytes has no decimals.
func Bytes(x float64) string {
	switch a := math.Abs(x); {
	case !Known(x):
		return None
	case a < 999.5 && x == math.Trunc(x):
		return strconv.FormatFloat(x, 'f', 0, 64) + " B"
	case a < 999.5:
		return Digits(x) + " B"
	case a < 999.5*(1<<10):
		return Digits(x/(1<<10)) + " KiB"
	case a < 999.5*(1<<20):
		return Digits(x/(1<<20)) + " MiB"
	}
	return Digits(x/(1<<30)) + " GiB"
}

// Interval writes an estimate and the ends of its interval, each by write: "3.00 [2.00, 4.00] ns" with the unit once
// where all three have the same, else "1.00 µs [900 ns, 1.10 µs]". Equal ends were counted, not sampled: one number.
// Ends that are not known are said to be so.
func Interval(low, mid, high float64, write func(float64) string) string {
	switch {
	case !Known(mid):
		return None
	case low == mid && high == mid:
		return write(mid)
	case !Known(low) || !Known(high):
		return write(mid) + " (no interval)"
	}
	l, m, h := write(low), write(mid), write(high)
	if at := unitAt(m); at >= 0 && strings.HasSuffix(l, m[at:]) && strings.HasSuffix(h, m[at:]) {
		unit := m[at:]
		return fmt.Sprintf("%s [%s, %s]%s", m[:at], strings.TrimSuffix(l, unit), strings.TrimSuffix(h, unit), unit)
	}
	return fmt.Sprintf("%s [%s, %s]", m, l, h)
}

// unitAt is where the unit of a quantity begins, with the space before it; -1 where there is none. A space between
// digits is no such place.
func unitAt(s string) int {
	at := strings.LastIndexByte(s, ' ')
	if at >= 0 && s[at+1] >= '0' && s[at+1] <= '9' {
		return -1
	}
	return at
}

// Short shortens a written quantity to two digits, and all of those before the point: "83.7 ms" to "84 ms".
func Short(s string) string {
	number, unit := s, ""
	if at := unitAt(s); at >= 0 {
		number, unit = s[:at], s[at:]
	}
	x, err := strconv.ParseFloat(number, 64) // a number with spaces has four digits and more, and stays
	if err != nil || x == math.Trunc(x) && !strings.Contains(number, ".") {
		return s
	}
	decimals := 0
	if a := math.Abs(x); a < 9.95 && a > 0 {
		decimals = max(1, 1-int(math.Floor(math.Log10(a))))
	}
	x += math.Copysign(1e-9, x) // 1.65, which has no exact double, becomes 1.7
	return strconv.FormatFloat(x, 'f', decimals, 64) + unit
}

// Span writes the least and the greatest of several values with two digits: "2.3 to 2.9", "84 to 110 ms", or one value
// where both read the same.
func Span(low, high float64, write func(float64) string) string {
	l, h := Short(write(low)), Short(write(high))
	switch at := unitAt(h); {
	case l == h:
		return l
	case at >= 0 && strings.HasSuffix(l, h[at:]):
		return strings.TrimSuffix(l, h[at:]) + " to " + h
	}
	return l + " to " + h
}
