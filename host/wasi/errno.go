package wasi

// Errno is what a WASI function returns. The numbers are those of preview 1.
type Errno = uint32

const (
	Success Errno = 0
	Badf    Errno = 8  // no such file descriptor
	Exist   Errno = 20 // Envoy means "not a directory", which is 54
	Fault   Errno = 21 // an address outside linear memory
	Inval   Errno = 28
	Noent   Errno = 44
	Nosys   Errno = 52
	Notsup  Errno = 58
)
