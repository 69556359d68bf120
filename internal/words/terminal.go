package words

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Paint adds terminal colours if it is on.
type Paint struct{ On bool }

func (p Paint) with(code, s string) string {
	if !p.On {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p Paint) Bold(s string) string   { return p.with("1", s) }
func (p Paint) Dim(s string) string    { return p.with("2", s) }
func (p Paint) Red(s string) string    { return p.with("31", s) }
func (p Paint) Green(s string) string  { return p.with("32", s) }
func (p Paint) Yellow(s string) string { return p.with("33", s) }

// NewTable makes a table without lines between its columns.
func NewTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBorders
	style.Options.SeparateColumns = false
	style.Options.SeparateRows = false
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "   "
	style.Format = table.FormatOptions{Row: text.FormatDefault}
	t.SetStyle(style)
	return t
}

// TrimLines removes the blanks that a table writes after its last column.
func TrimLines(s string) string {
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " ")
	}
	return strings.Join(all, "\n")
}

// Writer stores the first error, so that a caller can check for errors once, at the end.
type Writer struct {
	To  io.Writer
	Err error
}

func (w *Writer) Write(p []byte) (int, error) {
	if w.Err == nil {
		_, w.Err = w.To.Write(p)
	}
	return len(p), w.Err
}

// Wrap breaks a text at spaces so that no line is longer than so many columns, unless a word is.
func Wrap(s string, columns int) string { return TrimLines(text.WrapSoft(s, columns)) }
