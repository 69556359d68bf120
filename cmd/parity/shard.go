package main

import (
	"fmt"
	"strconv"
	"strings"
)

// shard is one of n equal parts of a long run, the flag --shard i/n. The zero value is the whole.
type shard struct{ i, n int }

const shardHelp = `  --shard I/N       only the part I of N equal parts, such as 2/4, so that N machines can share the
                    work
`

func (s *shard) String() string {
	if s.n == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.i, s.n)
}

func (s *shard) Set(text string) error {
	part, all, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(part)
	n, err2 := strconv.Atoi(all)
	if err != nil || err2 != nil || i < 1 || i > n {
		return fmt.Errorf("expected I/N with I from 1 to N, such as 2/4")
	}
	*s = shard{i, n}
	return nil
}

// share is the part of a list: every nth, so that neighbours, which often take as long as each other, are shared out.
func share[T any](s shard, all []T) []T {
	if s.n == 0 {
		return all
	}
	var some []T
	for k := s.i - 1; k < len(all); k += s.n {
		some = append(some, all[k])
	}
	return some
}
