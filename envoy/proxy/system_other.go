//go:build !linux

package proxy

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

var errSystem = errors.New("a real Envoy is run on Linux alone, this is " + runtime.GOOS)

func supported() error { return errSystem }

func attributes() *syscall.SysProcAttr { return nil }

func killGroup(int) {}

func mapFile(*os.File, int) ([]byte, error) { return nil, errSystem }

// RefusingPort fails.
func RefusingPort() (port int, release func(), err error) { return 0, nil, errSystem }

func unmap([]byte) {}
