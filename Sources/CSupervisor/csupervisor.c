#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "csupervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4u
#endif

struct failure {
    int stage;
    int code;
};

// Between fork and exec only async-signal-safe calls: another thread may hold any lock.
static void fail(int channel, int stage) {
    struct failure failure = {stage, errno};
    ssize_t ignored = write(channel, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static void close_on_exec_from(int first) {
    if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) == 0) return;
    // An older kernel. A descriptor above this bound would have needed a raised limit and 64 Ki open files before it.
    for (int descriptor = first; descriptor < 65536; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0) fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    }
}

static int place(int from, int to) {
    if (from == to) return fcntl(from, F_SETFD, 0);
    return dup2(from, to);
}

static void become(const glue_spawn_request *request, int channel, pid_t parent) {
    if (setsid() < 0) fail(channel, GLUE_STAGE_SESSION);
    if (request->dies_with_parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail(channel, GLUE_STAGE_SESSION);
        if (getppid() != parent) _exit(127);  // it died before the call above
    }
    // By the system call: the library refuses to touch its own two (32, 33), which a careless parent may have ignored.
    unsigned long standard[4] = {0, 0, 0, 0};  // the kernel's struct sigaction with SIG_DFL, on every 64-bit machine
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, standard, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // The given descriptors may lie on 0…2 in the wrong order: lift them above first.
    int input = fcntl(request->input, F_DUPFD_CLOEXEC, 3);
    int output = fcntl(request->output, F_DUPFD_CLOEXEC, 3);
    int error = fcntl(request->error, F_DUPFD_CLOEXEC, 3);
    if (input < 0 || output < 0 || error < 0) fail(channel, GLUE_STAGE_FILES);
    if (place(input, 0) < 0 || place(output, 1) < 0 || place(error, 2) < 0) fail(channel, GLUE_STAGE_FILES);
    close_on_exec_from(3);
    if (request->directory && chdir(request->directory) < 0) fail(channel, GLUE_STAGE_DIRECTORY);
    execve(request->path, request->arguments, request->environment);
    fail(channel, GLUE_STAGE_EXEC);
}

pid_t glue_spawn(const glue_spawn_request *request, int *stage) {
    int channel[2];
    *stage = GLUE_STAGE_FORK;
    if (pipe2(channel, O_CLOEXEC) < 0) return -1;
    // Should we run with 0…2 closed, the channel must not be overwritten by them.
    int sender = fcntl(channel[1], F_DUPFD_CLOEXEC, 3);
    close(channel[1]);
    if (sender < 0) {
        int code = errno;
        close(channel[0]);
        errno = code;
        return -1;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(channel[0]);
        become(request, sender, parent);
    }
    int code = errno;
    close(sender);
    if (pid < 0) {
        close(channel[0]);
        errno = code;
        return -1;
    }
    struct failure failure;
    ssize_t count;
    do {
        count = read(channel[0], &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    close(channel[0]);
    if (count == (ssize_t)sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        *stage = failure.stage;
        errno = failure.code;
        return -1;
    }
    return pid;
}

static void loop_signals(sigset_t *set) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD};
    sigemptyset(set);
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(set, numbers[index]);
}

int glue_block_signals(void) {
    sigset_t set;
    loop_signals(&set);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -1;
    int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (code == 0) return 0;
    errno = code;
    return -1;
}

int glue_signal_descriptor(void) {
    sigset_t set;
    loop_signals(&set);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int glue_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count;
    do {
        count = read(descriptor, &info, sizeof info);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int glue_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

int glue_process_descriptor(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int glue_output_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    // Fewer turns for a chatty child. A refusal (pipe-user-pages-soft) leaves 64 KiB, which is fine.
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int glue_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void glue_wake(int descriptor) {
    uint64_t one = 1;
    ssize_t ignored = write(descriptor, &one, sizeof one);  // a full counter wakes as well
    (void)ignored;
}

void glue_wake_clear(int descriptor) {
    uint64_t value;
    ssize_t ignored = read(descriptor, &value, sizeof value);
    (void)ignored;
}

int glue_has_ended(pid_t pid) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return errno == EINTR ? 0 : -1;
    return info.si_pid == pid;
}

int glue_reap(pid_t pid, int *code, int *number) {
    int status;
    pid_t reaped;
    do {
        reaped = waitpid(pid, &status, WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped <= 0) return (int)reaped;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 1;
}

pid_t glue_any_ended(void) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return 0;
    return info.si_pid;
}
