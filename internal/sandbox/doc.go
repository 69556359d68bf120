// Package sandbox runs work in processes of this program that can be killed. A call into a WebAssembly guest can't
// always be ended from inside the process (see the documentation of package host), and what it allocates can be more
// than there is. So a Pool starts this program again, in processes that call Serve, gives them jobs, and kills a
// process whose job takes too long, when the caller's context ends, or, by the kernel, when it needs too much memory.
// The job then ends with an *Ended that says what the process did; the next job gets a new process.
//
// Both sides share a Page of memory, in which the process notes each call before it begins: that costs no system call,
// and the other side sees a hang without an answer of the process. A job has a limit for the time in which no call
// begins or ends, one for the time in which it reports no progress, and one for the whole job.
//
// Requests and answers go over pipes as CBOR, which keeps strings that are not UTF-8, and empty lists apart from none.
//
// Memory is limited on Linux, which is where the kernel counts what a process has mapped (RLIMIT_DATA). Where there is
// no shared memory, which is on Windows, only the whole time of a job and the time without progress are limited.
package sandbox
