package bench

import (
	"fmt"
	"io"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/words"
)

// Summary is the first screen in Markdown, for a README, with the picture at an address: which build is what, what to
// choose, and the commands that measured it. Everything else is folded.
func Summary(w io.Writer, r *evidence.Report, f *verdict.Findings, picture string) error {
	out := &words.Writer{To: w}
	v := view{r, f}
	firstScreen(out, v)
	fmt.Fprintf(out, "\n![%s](%s)\n", escape("Each build's time over that of "+v.reference()+", in each scenario"),
		picture)
	fmt.Fprintf(out, "\n<sub>%s</sub>\n", escape(v.forestLead()))
	fmt.Fprint(out, "\n<details><summary>How sure that is, and each scenario</summary>\n\n")
	headlines(out, v)
	if s := v.machines(); len(s.Grids) > 0 {
		for _, lead := range s.Lead {
			fmt.Fprintf(out, "\n%s\n", escape(lead))
		}
		for _, g := range s.Grids {
			fmt.Fprintf(out, "\n**%s**\n", escape(g.Caption))
			markdownGrid(out, g)
		}
	} else {
		markdownGrid(out, v.overview())
	}
	fmt.Fprint(out, "\nMeasured by:\n")
	bullets(out, v.measuredBy())
	fmt.Fprint(out, "\n</details>\n")
	return out.Err
}

// measuredBy names the command, the day and the machine of each run.
func (v view) measuredBy() []string {
	of := func(r *evidence.Report) string {
		return fmt.Sprintf("%s, %s, %s", strings.Join(r.Run.Command, " "), when(r.Run.Started),
			verdict.MachineName(r.Machine))
	}
	if v.f.Machines == nil {
		return []string{of(v.r) + "."}
	}
	var lines []string
	for _, m := range v.f.Machines.Machines {
		for _, r := range m.Runs {
			lines = append(lines, of(r)+".")
		}
	}
	return append(lines, sentence("A/A check of the newest: "+gateText(v.f.Gate)))
}

// Picture is the forest as an SVG with its own style, light or dark as the reader's system is.
func Picture(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	for _, figure := range (view{r, f}).forest() {
		svg := string(figure.Picture)
		var width, height float64
		if _, err := fmt.Sscanf(svg, `<svg viewBox="0 0 %f %f"`, &width, &height); err != nil {
			return fmt.Errorf("read the size of a picture: %w", err)
		}
		place := fmt.Sprintf(`<svg x="0" y="0" width="%.0f" height="%.0f" style="width:%.0fpx;height:%.0fpx;max-width:none" `,
			width, height, width, height)
		_, err := fmt.Fprintf(w,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-16 -16 %.0f %.0f\" style=\"max-width:none\">\n<style>\n%s\n"+
				"svg { background: var(--paper); }\n</style>\n%s\n</svg>\n", width+32, height+32, style,
			strings.Replace(svg, "<svg ", place, 1))
		if err != nil {
			return err
		}
	}
	return nil
}
