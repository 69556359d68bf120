package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Journal is a file to which every finished task is added, so that an interrupted run can be resumed.
type Journal struct {
	Begun time.Time            // when the first part of the run did
	done  map[string][]finding // by task
	file  *os.File
}

type journalHead struct {
	Key   string    `json:"key"`
	Begun time.Time `json:"begun"`
}

type journalLine struct {
	Task  string    `json:"task"`
	Found []finding `json:"found"`
}

// errOtherRun says that a journal is of other modules, another plan or another table.
var errOtherRun = errors.New("the interrupted run was another one: its modules, plan, table, " +
	"host or program have changed")

// OpenJournal begins a journal, or with resume opens the one of the interrupted run. The key is a digest of everything
// that the run depends on.
func OpenJournal(name, key string, resume bool) (*Journal, error) {
	j := &Journal{Begun: time.Now(), done: map[string][]finding{}}
	if resume {
		if err := j.read(name, key); err != nil {
			return nil, fmt.Errorf("resume: %w", err)
		}
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if !resume {
		flags |= os.O_TRUNC
	}
	var err error
	if j.file, err = os.OpenFile(name, flags, 0o644); err != nil {
		return nil, err
	}
	if !resume {
		err = j.write(journalHead{key, j.Begun})
	}
	return j, err
}

func (j *Journal) read(name, key string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no interrupted run; leave --resume out")
	}
	if err != nil {
		return err
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	var head journalHead
	if json.Unmarshal(first, &head) != nil || head.Key != key {
		return errOtherRun
	}
	j.Begun = head.Begun
	whole := len(first) + 1
	for line := range bytes.Lines(rest) {
		var l journalLine
		if json.Unmarshal(line, &l) != nil {
			break // the run was killed while it wrote this line
		}
		j.done[l.Task] = l.Found
		whole += len(line)
	}
	return os.Truncate(name, int64(min(whole, len(text))))
}

func (j *Journal) add(task string, found []finding) error { return j.write(journalLine{task, found}) }

func (j *Journal) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(line, '\n'))
	return err
}

// Close closes the file and keeps it: the run can be resumed.
func (j *Journal) Close() error { return j.file.Close() }

// Remove closes the file and removes it: the run is complete.
func (j *Journal) Remove() error { return errors.Join(j.file.Close(), os.Remove(j.file.Name())) }
