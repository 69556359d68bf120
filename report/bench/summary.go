package bench

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

// Summary is the beginning of a report in Markdown, for a README: what to choose, how sure that is, each build in each
// scenario, and the command that measured it.
func Summary(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	out := &words.Writer{To: w}
	v := view{r, f}
	headlines(out, v)
	markdownGrid(out, v.overview())
	fmt.Fprintf(out, "\n`%s`, %s, %s, %d CPUs; A/A check: %s.\n", strings.Join(r.Run.Command, " "), when(r.Run.Started), r.Machine.CPU,
		r.Machine.CPUs, escape(gateText(f.Gate)))
	return out.Err
}

// Picture is all pictures of ratios as one SVG with its own style, light or dark as the reader's system is.
func Picture(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	const columns, gap, caption = 3, 24.0, 26.0
	var b strings.Builder
	column, x, y, tallest := 0, 0.0, 0.0, 0.0
	for _, figure := range (view{r, f}).forest() {
		if column == columns {
			column, x, y, tallest = 0, 0, y+tallest+gap, 0
		}
		svg := string(figure.Picture)
		var width, height float64
		if _, err := fmt.Sscanf(svg, `<svg viewBox="0 0 %f %f"`, &width, &height); err != nil {
			return fmt.Errorf("place a picture: %w", err)
		}
		fmt.Fprintf(&b, "<text class=\"caption\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", x, y+16, html.EscapeString(figure.Caption))
		place := fmt.Sprintf(`<svg x="%.0f" y="%.0f" width="%.0f" height="%.0f" style="width:%.0fpx;height:%.0fpx;max-width:none" `,
			x, y+caption, width, height, width, height)
		fmt.Fprintln(&b, strings.Replace(svg, "<svg ", place, 1))
		tallest = max(tallest, height+caption)
		x += width + gap
		column++
	}
	width := float64(columns)*(chartWidth+gap) - gap
	_, err := fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-16 -16 %.0f %.0f\" style=\"max-width:none\">\n<style>\n%s\n.caption { font-weight: 600; font-size: 14px; }\n"+
		"svg { background: var(--paper); }\n</style>\n%s</svg>\n", width+32, y+tallest+32, style, b.String())
	return err
}
