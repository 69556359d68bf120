package units_test

import (
	"fmt"

	"github.com/header-auth/header-auth/internal/units"
)

func Example() {
	fmt.Println(units.Nanos(46_120_000), units.Bytes(150_400), units.Count(1_740_000), units.Percent(0.094))
	fmt.Println(units.Interval(2.72, 2.74, 2.76, units.Ratio))
	fmt.Println(units.Interval(86.8e6, 93.4e6, 97.6e6, units.Nanos))
	fmt.Println(units.Short("83.7 ms"), units.Span(2.31, 2.94, units.Ratio), units.Span(83.7e6, 110e6, units.Nanos))
	// Output:
	// 46.1 ms 147 KiB 1 740 000 9.4 %
	// 2.74 [2.72, 2.76]
	// 93.4 [86.8, 97.6] ms
	// 84 ms 2.3 to 2.9 84 to 110 ms
}
