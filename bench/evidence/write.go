package evidence

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Write writes the report as JSON of the schema in schema.json. An empty list is [], never null. The samples of one
// list are on one line, and so is a short object, so that two reports can be compared line by line.
func Write(w io.Writer, r *Report) error { return write(w, r) }

// WriteOnEnvoy is Write for a run on a real Envoy.
func WriteOnEnvoy(w io.Writer, r *OnEnvoy) error { return write(w, r) }

func write(w io.Writer, r any) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	b, err := lay(jsontext.NewDecoder(bytes.NewReader(data)), "")
	if err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	_, err = io.WriteString(w, b.text+"\n")
	return err
}

// columns is how long a line of several values may be. A list of numbers is on one line however long it is.
const columns = 120

// block is a value as text. numbers says that it is a number, or a list of numbers, or a list of such lists.
type block struct {
	text           string
	plain, numbers bool // plain: neither object nor list
}

// lay reads one value and breaks it into lines; all but the first are indented by indent.
func lay(d *jsontext.Decoder, indent string) (block, error) {
	kind := d.PeekKind()
	if kind != '[' && kind != '{' {
		v, err := d.ReadValue()
		return block{string(v), true, kind == '0'}, err
	}
	open, err := d.ReadToken()
	if err != nil {
		return block{}, err
	}
	b := block{numbers: kind == '['}
	flat := true
	length := len(indent)
	var items []string
	for d.PeekKind() != ']' && d.PeekKind() != '}' {
		var name string
		if kind == '{' {
			v, err := d.ReadValue()
			if err != nil {
				return block{}, err
			}
			name = string(v) + ": "
		}
		item, err := lay(d, indent+"  ")
		if err != nil {
			return block{}, err
		}
		flat = flat && item.plain
		b.numbers = b.numbers && item.numbers
		items = append(items, name+item.text)
		length += len(name) + len(item.text) + 2
	}
	end, err := d.ReadToken()
	if err != nil {
		return block{}, err
	}
	if b.numbers || flat && length <= columns {
		b.text = open.String() + strings.Join(items, ", ") + end.String()
	} else {
		b.text = open.String() + "\n" + indent + "  " + strings.Join(items, ",\n"+indent+"  ") + "\n" + indent + end.String()
	}
	return b, nil
}
