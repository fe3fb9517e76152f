// What Swift cannot do by itself: fork and exec in a process with threads, signal sets, prctl, pidfd.
// Every function here returns -1 and sets errno when it fails, unless it says otherwise.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// One program to start. All pointers stay the caller's and live until glue_spawn has returned.
typedef struct {
    const char *path;        // absolute path of the executable
    char *const *arguments;  // argv, null-terminated
    char *const *environment; // envp, null-terminated
    const char *directory;   // working directory, or NULL to stay
    int input;               // becomes stdin; must be open
    int output;              // becomes stdout; must be open
    int error;               // becomes stderr; must be open
    int dies_with_parent;    // 1: SIGKILL when the thread that called glue_spawn ends
} glue_spawn_request;

// Where a start failed, in glue_spawn's `stage`.
enum { GLUE_STAGE_FORK = 1, GLUE_STAGE_SESSION = 2, GLUE_STAGE_DIRECTORY = 3, GLUE_STAGE_FILES = 4, GLUE_STAGE_EXEC = 5 };

// Starts a program in a session and process group of its own, with default signals, an empty signal mask and no
// file of ours beyond the three given. Returns its pid once exec has succeeded; -1 with errno and `stage` otherwise
// (nothing is left behind then).
pid_t glue_spawn(const glue_spawn_request *request, int *stage);

// Blocks the signals that the loop reads (TERM INT HUP QUIT USR1 USR2 CHLD) in the calling thread, and ignores PIPE.
// Call it before the first thread is made: threads inherit the mask.
int glue_block_signals(void);
// A non-blocking descriptor on which those signals arrive.
int glue_signal_descriptor(void);
// The next signal that has arrived on it, 0 if there is none.
int glue_next_signal(int descriptor);

// Orphans among our descendants come to us, as they do to PID 1.
int glue_become_subreaper(void);

// A descriptor that becomes readable when `pid` ends; -1 where the kernel, or a sandbox, has none.
int glue_process_descriptor(pid_t pid);
// A pipe whose ends are closed on exec, its read end non-blocking and as large as allowed (1 MiB asked for).
int glue_output_pipe(int *read_end, int *write_end);
// A non-blocking counter to wake a poll with.
int glue_wake_descriptor(void);
// Adds to the counter.
void glue_wake(int descriptor);
// Empties it.
void glue_wake_clear(int descriptor);

// Whether `pid`, a child, has ended. It stays a zombie, so that its pid and group stay its own. 1, 0, or -1.
int glue_has_ended(pid_t pid);
// Reaps `pid`: 1 and `code`/`signal` (one of them 0), 0 while it runs, -1 when it is no child of ours.
int glue_reap(pid_t pid, int *code, int *signal);
// A child that has ended, without reaping it; 0 if there is none.
pid_t glue_any_ended(void);
