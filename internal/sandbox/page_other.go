//go:build !unix

package sandbox

import "os"

// newPage makes a page that no other process sees.
func newPage() (*Page, *os.File, error) {
	p := &Page{shared: new(shared), unseen: true, last: func() error { return nil }}
	return p, nil, nil
}

func inherited() (*Page, error) {
	p, _, err := newPage()
	return p, err
}

func limit(int64) {}

// AddressSpace is known on Unix alone.
func AddressSpace() (bytes uint64, limited bool) { return 0, false }
