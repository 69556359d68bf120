package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"reflect"
	"runtime/debug"
	"strconv"
	"syscall"

	"os"

	"github.com/fxamacker/cbor/v2"
)

// Handler does a job of one kind. It reads the request into a value, and may tell how far it is.
type Handler func(ctx context.Context, page *Page, request func(any) error,
	tell func(any) error) (answer any, err error)

// message is what goes over the pipes: a request, then any number of Tell, and Answer or Error at the end.
type message struct {
	Kind   string          `cbor:",omitempty"`
	Body   cbor.RawMessage `cbor:",omitempty"`
	Tell   cbor.RawMessage `cbor:",omitempty"`
	Answer cbor.RawMessage `cbor:",omitempty"`
	Error  string          `cbor:",omitempty"`
}

// ready is the Kind of a process's first message: what it took to start does not count as a job's time.
const ready = "ready"

// most is how many bytes an answer may have.
const most = 64 << 20

var (
	encoding, _ = cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	decoding, _ = cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1,
		// of any: int64, map[string]any
		IntDec: cbor.IntDecConvertSigned, DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
)

// Serve does the jobs that come from in, one after the other, until there are no more. memory is the process's limit in
// bytes, as the Pool gave it to the command.
func Serve(ctx context.Context, in io.Reader, out io.Writer, memory string, handlers map[string]Handler) error {
	// the parent ends this process, also where they share a terminal
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	bytes, err := strconv.ParseInt(memory, 10, 64)
	if err != nil {
		return fmt.Errorf("limit of memory: %w", err)
	}
	if bytes > 0 {
		limit(bytes)
		debug.SetMemoryLimit(bytes / 2)
	}
	page, err := inherited()
	if err != nil {
		return err
	}
	write := bufio.NewWriter(out)
	send := func(m message) error {
		err := encoding.NewEncoder(write).Encode(m)
		if err == nil {
			err = write.Flush()
		}
		return err
	}
	if err := send(message{Kind: ready}); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	decoder := decoding.NewDecoder(bufio.NewReader(in))
	for {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		if err := send(serve(ctx, page, m, handlers[m.Kind], send)); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
}

func serve(ctx context.Context, page *Page, m message, handle Handler, send func(message) error) (result message) {
	defer func() {
		if r := recover(); r != nil {
			result = message{Error: fmt.Sprintf("fault of this program, not of the module: %v\n%s", r, debug.Stack())}
		}
	}()
	if handle == nil {
		return message{Error: fmt.Sprintf("unknown kind of job %q", m.Kind)}
	}
	answer, err := handle(ctx, page, func(to any) error { return decoding.Unmarshal(m.Body, to) }, func(what any) error {
		b, err := encoding.Marshal(what)
		if err != nil {
			return err
		}
		return send(message{Tell: b})
	})
	if err == nil {
		result.Answer, err = encoding.Marshal(answer)
	}
	switch {
	case err != nil:
		result = message{Error: err.Error()}
	case len(result.Answer) > most:
		result = message{Error: fmt.Sprintf("what was seen has %d MiB: more than %d are not kept",
			len(result.Answer)>>20, most>>20)}
	}
	return result
}
