package bench

import (
	"math"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// within writes an interval; N is 0 when there is nothing.
func within(i verdict.Interval, write func(float64) string) string {
	if i.N == 0 {
		return units.None
	}
	return units.Interval(i.Low, i.Mid, i.High, write)
}

// plusMinus is the wider half of an interval as a share of its estimate.
func plusMinus(i verdict.Interval) string {
	if !i.Known() || i.N == 0 || i.Mid == 0 {
		return units.None
	}
	return "± " + units.Percent(math.Max(i.High-i.Mid, i.Mid-i.Low)/math.Abs(i.Mid))
}

func seconds(x float64) string {
	if x == 0 {
		return "not measured"
	}
	return units.Nanos(x * 1e9)
}

func size(n int) string {
	if n == 0 {
		return units.None
	}
	return units.Bytes(float64(n))
}

// in writes a quantity of that unit.
func in(unit verdict.Unit) func(float64) string {
	switch unit {
	case verdict.InNanos:
		return units.Nanos
	case verdict.InBytes:
		return units.Bytes
	case verdict.InBytesPerRequest:
		return func(x float64) string { return units.Bytes(x) + "/request" }
	}
	return func(x float64) string { return units.Ratio(x) + " ×" }
}

// sentence ends a text that may or may not end already.
func sentence(s string) string {
	if s = words.OneLine(s); s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") ||
		strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
