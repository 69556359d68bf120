package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// count writes a number of things with a space between thousands.
func count(n float64) string {
	digits := strconv.FormatFloat(math.Round(n), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return count(float64(n)) + " times"
}

// bytes writes a size with three digits.
func bytes(n float64) string {
	unit, units := "B", []string{"KiB", "MiB", "GiB"}
	for n >= 1024 && len(units) > 0 {
		n, unit, units = n/1024, units[0], units[1:]
	}
	return digits(n) + " " + unit
}

// nanos writes a time with three digits.
func nanos(n float64) string {
	unit, units := "ns", []string{"µs", "ms", "s"}
	for n >= 1000 && len(units) > 0 {
		n, unit, units = n/1000, units[0], units[1:]
	}
	return digits(n) + " " + unit
}

// digits writes three significant digits, and all of those before the point.
func digits(n float64) string {
	if n == 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return fmt.Sprint(n)
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(n)))))
	s := strconv.FormatFloat(n, 'f', decimals, 64)
	if strings.Contains(s, ".") && math.Abs(n) < 0.01 {
		s = strconv.FormatFloat(n, 'g', 2, 64)
	}
	return s
}

// between writes an interval, and says so where there is none.
func between(i Interval, write func(float64) string) string {
	if !i.Known() {
		return "no interval"
	}
	return fmt.Sprintf("95 %% interval %s to %s", write(i.Low), write(i.High))
}

// list joins names: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
