package bench

import (
	"fmt"
	"math"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

// nothing stands where there is no number.
const nothing = "–"

func known(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// bounded says whether an interval has ends: with one sample it has none.
func bounded(i verdict.Interval) bool { return known(i.Low) && known(i.High) }

// significant writes x > 0 with three digits, more only before the point.
func significant(x float64) string {
	if !known(x) {
		return nothing
	}
	decimals := 2
	switch a := math.Abs(x); {
	case a >= 99.95:
		decimals = 0
	case a >= 9.995:
		decimals = 1
	case a >= 0.0995 && a < 0.9995:
		decimals = 3
	case a != 0 && a < 0.0995:
		decimals = min(6, 2-int(math.Floor(math.Log10(a))))
	}
	return fmt.Sprintf("%.*f", decimals, x)
}

// nanos writes a time in the unit a person would choose.
func nanos(x float64) string {
	a := math.Abs(x)
	switch {
	case !known(x):
		return nothing
	case a < 999.5:
		return significant(x) + " ns"
	case a < 999.5e3:
		return significant(x/1e3) + " µs"
	case a < 999.5e6:
		return significant(x/1e6) + " ms"
	}
	return significant(x/1e9) + " s"
}

func seconds(x float64) string {
	if x == 0 {
		return "not measured"
	}
	return nanos(x * 1e9)
}

// byteText writes a number of bytes in the unit a person would choose.
func byteText(x float64) string {
	a := math.Abs(x)
	switch {
	case !known(x):
		return nothing
	case a < 1000:
		return strings.TrimSuffix(significant(x), ".00") + " B"
	case a < 1000<<10:
		return significant(x/(1<<10)) + " KiB"
	case a < 1000<<20:
		return significant(x/(1<<20)) + " MiB"
	}
	return significant(x/(1<<30)) + " GiB"
}

func percent(share float64) string {
	if !known(share) {
		return nothing
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// multiple is a ratio. Close to 1 a third decimal matters.
func multiple(x float64) string {
	if known(x) && math.Abs(x-1) < 0.0995 {
		return fmt.Sprintf("%.3f", x)
	}
	return significant(x)
}

// within writes an interval: the estimate and its ends, each by write, with the unit once if it is the same.
func within(i verdict.Interval, write func(float64) string) string {
	switch {
	case i.N == 0 || !known(i.Mid):
		return nothing
	case i.Low == i.Mid && i.High == i.Mid: // counted, not sampled
		return write(i.Mid)
	case !bounded(i):
		return write(i.Mid) + " (no interval)"
	}
	mid, low, high := write(i.Mid), write(i.Low), write(i.High)
	at := strings.LastIndexByte(mid, ' ')
	if at >= 0 && strings.HasSuffix(low, mid[at:]) && strings.HasSuffix(high, mid[at:]) {
		unit := mid[at:]
		return fmt.Sprintf("%s [%s, %s]%s", mid[:at], strings.TrimSuffix(low, unit), strings.TrimSuffix(high, unit), unit)
	}
	return fmt.Sprintf("%s [%s, %s]", mid, low, high)
}

// plusMinus is the wider half of an interval as a share of its estimate.
func plusMinus(i verdict.Interval) string {
	if !bounded(i) || i.N == 0 || i.Mid == 0 {
		return nothing
	}
	return "± " + percent(math.Max(i.High-i.Mid, i.Mid-i.Low)/math.Abs(i.Mid))
}

// count writes a whole number with thin groups of three digits: a million is hard to read otherwise.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// sentence ends a text that may or may not end already.
func sentence(s string) string {
	if s = words.OneLine(s); s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
