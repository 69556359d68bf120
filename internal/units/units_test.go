package units

import (
	"math"
	"testing"
)

func TestUnits(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct{ got, want string }{
		{Digits(0), "0"}, {Digits(0.01234), "0.0123"}, {Digits(0.3141), "0.314"}, {Digits(0.99951), "1.00"}, {Digits(3),
			"3.00"}, {Digits(9.996), "10.0"},
		{Digits(99.96), "100"}, {Digits(999.7), "1 000"}, {Digits(1194), "1 194"}, {Digits(-1194), "-1 194"}, {Digits(nan),
			"–"}, {Digits(math.Inf(1)), "–"},
		{Ratio(1.0012), "1.001"}, {Ratio(3.2), "3.20"}, {Ratio(0.3141), "0.314"}, {Ratio(nan), "–"},
		{Percent(0.1234), "12.3 %"}, {Percent(nan), "–"},
		{Count(12), "12"}, {Count(1234567), "1 234 567"}, {Count(int64(-1234)), "-1 234"}, {Count(-123), "-123"},
		{Nanos(0), "0 ns"}, {Nanos(0.5), "0.500 ns"}, {Nanos(304.2), "304 ns"}, {Nanos(999.6), "1.00 µs"}, {Nanos(46.12e6),
			"46.1 ms"}, {Nanos(2e9), "2.00 s"}, {Nanos(nan), "–"},
		{Bytes(0), "0 B"}, {Bytes(16), "16 B"}, {Bytes(16.25), "16.2 B"}, {Bytes(341), "341 B"}, {Bytes(1023), "0.999 KiB"},
		{Bytes(1 << 20), "1.00 MiB"}, {Bytes(1023 << 10), "0.999 MiB"}, {Bytes(-2048), "-2.00 KiB"}, {Bytes(5 << 30),
			"5.00 GiB"}, {Bytes(nan), "–"},
		{Interval(2, 3, 4, Nanos), "3.00 [2.00, 4.00] ns"}, {Interval(900, 1000, 1100, Nanos), "1.00 µs [900 ns, 1.10 µs]"},
		{Interval(1000, 1194, 2000, Digits), "1 194 [1 000, 2 000]"}, {Interval(nan, 3, nan, Nanos), "3.00 ns (no interval)"},
		{Interval(3, 3, 3, Ratio), "3.00"}, {Interval(nan, nan, nan, Nanos), "–"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Short("83.7 ms"), "84 ms"}, {Short("176 KiB"), "176 KiB"}, {Short("1 194 B"), "1 194 B"}, {Short("0.0123"), "0.012"},
		{Short("1.65"), "1.7"}, {Short("9.96 s"), "10 s"}, {Short(None), None}, {Short("3"), "3"},
		{Span(2.31, 2.94, Ratio), "2.3 to 2.9"}, {Span(2.31, 2.32, Ratio), "2.3"}, {Span(0.98, 1.004, Ratio), "0.98 to 1.0"},
		{Span(600e3, 1.48e6, Nanos), "600 µs to 1.5 ms"}, {Span(3.7*(1<<20), 3.9*(1<<20), Bytes), "3.7 to 3.9 MiB"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
