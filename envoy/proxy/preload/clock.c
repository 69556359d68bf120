// A clock that another process moves. LD_PRELOAD puts these functions before those of libc; HEADER_AUTH_CLOCK names a
// file of two numbers: the time of day and the steady time, both in nanoseconds.
//
// The main thread's steady time never moves. Plugins run on it too, beside those of the workers, and their timers would
// make every call of a tick twice.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *clocks;
static int64_t stands;
static __thread int of_main; // 0: not known yet

__attribute__((constructor)) static void begin(void) {
	const char *name = getenv("HEADER_AUTH_CLOCK");
	int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	if (file < 0) return;
	void *at = mmap(0, 16, PROT_READ, MAP_SHARED, file, 0);
	close(file);
	if (at == MAP_FAILED) return;
	clocks = at;
	stands = clocks[1];
}

static int64_t now(clockid_t id) {
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) return clocks[0];
	if (!of_main) of_main = syscall(SYS_gettid) == getpid() ? 1 : 2;
	return of_main == 1 ? stands : clocks[1];
}

int clock_gettime(clockid_t id, struct timespec *t) {
	if (!clocks || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID)
		return syscall(SYS_clock_gettime, id, t);
	int64_t n = now(id);
	t->tv_sec = n / 1000000000;
	t->tv_nsec = n % 1000000000;
	return 0;
}

int gettimeofday(struct timeval *t, void *zone) {
	struct timespec s;
	int failed = clock_gettime(CLOCK_REALTIME, &s);
	t->tv_sec = s.tv_sec;
	t->tv_usec = s.tv_nsec / 1000;
	return failed;
}

time_t time(time_t *t) {
	struct timespec s;
	clock_gettime(CLOCK_REALTIME, &s);
	if (t) *t = s.tv_sec;
	return s.tv_sec;
}

// A wait in real time would sleep through a move of the clock.
int epoll_wait(int epoll, struct epoll_event *events, int most, int ms) {
	static int (*real)(int, struct epoll_event *, int, int);
	if (!real) real = dlsym(RTLD_NEXT, "epoll_wait");
	if (clocks && (ms < 0 || ms > 50)) ms = 50;
	return real(epoll, events, most, ms);
}
