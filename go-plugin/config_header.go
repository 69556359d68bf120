// config_header.go: the key `config_header`, a response header that shows the configuration. Twin: config_header.rs.

package main

import "strings"

const configHeaderBytesMax = 4096

// readConfigHeader reads the name of the header. It gives nil, no header, when nothing is left of the configuration.
func readConfigHeader(at *place, v jsonValue, document string) (*pair, error) {
	name, err := readNameToSet(at, v)
	if err != nil {
		return nil, err
	}
	text := configText(document)
	if text == "" {
		return nil, nil
	}
	return &pair{name, text}, nil
}

// configText is a configuration made safe for a header.
func configText(document string) string {
	text := []byte(document[:min(len(document), configHeaderBytesMax)])
	for i, c := range text {
		switch {
		case c < ' ':
			text[i] = ' '
		case c >= 0x7f:
			text[i] = '?'
		}
	}
	return strings.Trim(string(text), " ")
}
