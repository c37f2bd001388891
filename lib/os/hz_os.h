/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os.h -- the contract with the system: address space, pages, time, environment, and what libc and the dynamic
 * linker do for threads and forks. All that differs between systems lies behind it; docs/porting.md says which file
 * serves which system, and what each cannot do.
 *
 * Unless a comment says otherwise, every function keeps errno, calls nothing that could call malloc, and works
 * before constructors ran. A false or NULL result means that the system refused and nothing changed. Thread-safe.
 * Addresses and lengths of pages are multiples of hz_os_page_bytes().
 * Does not: decide when to do any of this. */
#pragma once
#include "hz_base.h"

/* The kernel's page size, read once. */
HZ_HIDDEN size_t hz_os_page_bytes(void);

/* Address space without access rights, aligned to alignment (a power of two, at least the page size).
 * Costs no memory and no commit charge. */
HZ_HIDDEN void *hz_os_reserve(size_t bytes, size_t alignment);

/* Takes the right to write away. Reserved space reads as zeros then, still without memory or commit charge. */
HZ_HIDDEN bool hz_os_make_readable(void *start, size_t bytes);

/* Gives the address space back. The kernel may refuse, where it would have to split a mapping in two; some
 * take back only what was reserved or mapped by one call, as a whole. */
HZ_HIDDEN bool hz_os_release(void *start, size_t bytes);

/* Makes reserved space readable and writable; it reads as zeros. What was committed before keeps its contents. */
HZ_HIDDEN bool hz_os_commit(void *start, size_t bytes);

/* Takes all access rights away again; contents stay. */
HZ_HIDDEN bool hz_os_protect(void *start, size_t bytes);

/* Returns the pages to the kernel at once; they stay committed and read as zeros afterwards. */
HZ_HIDDEN bool hz_os_purge(void *start, size_t bytes);

/* Readable and writable zero pages, aligned to alignment. */
HZ_HIDDEN void *hz_os_map(size_t bytes, size_t alignment);

/* Resizes a mapping made by hz_os_map, moving it if may_move; contents are kept. NULL on refusal, also where the
 * system cannot do it at all. */
HZ_HIDDEN void *hz_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move);

/* Moves the pages of [from, from + bytes) to [to, ...), whose contents are lost; from stays mapped and
 * reads as zeros. False where the system cannot (before Linux 5.7, or several mappings). */
HZ_HIDDEN bool hz_os_move_pages(void *from, void *to, size_t bytes);

/* The same to a new mapping of new_bytes >= bytes, one that hz_os_remap can resize. NULL where it cannot. */
HZ_HIDDEN void *hz_os_move_out(void *from, size_t bytes, size_t new_bytes);

/* Asks for (or against) transparent huge pages in the range. Advice only. */
HZ_HIDDEN void hz_os_advise_huge(void *start, size_t bytes, bool wanted);

/* How much address space this process may reserve in all; SIZE_MAX when unlimited. */
HZ_HIDDEN size_t hz_os_address_limit(void);

/* A number that nobody outside the process can know, different on each call. */
HZ_HIDDEN uint64_t hz_os_entropy(void);

/* Milliseconds of a monotonic clock with a resolution of about 4 to 16 ms; wraps after 49 days. */
HZ_HIDDEN uint32_t hz_os_now_ms(void);

/* Whether the program runs with privileges that its user lacks, so that the environment must be ignored. */
HZ_HIDDEN bool hz_os_is_secure(void);

/* The value of an environment variable, or NULL; also before libc has set environ. */
HZ_HIDDEN const char *hz_os_environment(const char *name);

/* Calls visit(arg, entry) for each "NAME=value" entry whose name begins with prefix. */
HZ_HIDDEN void hz_os_environment_each(const char *prefix, void (*visit)(void *arg, const char *entry), void *arg);

/* How reading a file ended. */
enum hz_os_file {
    HZ_OS_FILE_READ,
    HZ_OS_FILE_MISSING,
    HZ_OS_FILE_UNREADABLE, /* or no regular file */
    HZ_OS_FILE_UNTRUSTED,  /* others than root may have written it */
    HZ_OS_FILE_TOO_LONG,
};

/* Reads a whole file that only root can have written: root owns it, and not everybody may write to it. */
HZ_HIDDEN enum hz_os_file hz_os_read_trusted(const char *path, char *buffer, size_t room, size_t *ret_bytes);

/* The base name of the file that this process executes, in buffer, without a NUL byte: of a script it is the
 * interpreter's. NULL where the kernel does not tell. */
HZ_HIDDEN const char *hz_os_program(char *buffer, size_t room, size_t *ret_length);

/* The kernel's number of the calling thread. */
HZ_HIDDEN uint32_t hz_os_thread_id(void);

/* Sleeps while *word == expected, until woken; may return early. */
HZ_HIDDEN void hz_os_wait(const void *word, uint32_t expected);

/* Wakes one sleeper, if there is one. */
HZ_HIDDEN void hz_os_wake_one(const void *word);

/* Whether the word at address can be read. */
HZ_HIDDEN bool hz_os_is_readable(const void *address);

/* Writes to standard error, whole. */
HZ_HIDDEN void hz_os_write_error(const char *text, size_t bytes);

HZ_HIDDEN HZ_NORETURN void hz_os_abort(void);

/* --- Threads, forks, other libraries: these may allocate -------------------------------------- */

/* Has the functions called around each fork: before it, and after it in the parent and in the child. Handlers of
 * one process run before the fork in reverse order. True with nothing done where processes cannot fork. */
HZ_HIDDEN bool hz_os_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));

/* Has hook called at the end of every thread that set a value other than NULL, with that value. To be called
 * once; false when libc has no key left. */
HZ_HIDDEN bool hz_os_thread_exit_init(void (*hook)(void *value));

/* The calling thread's value. False when memory lacks. */
HZ_HIDDEN bool hz_os_thread_exit_set(void *value);

/* The function of that name in the library behind ours, in the order of the dynamic linker; NULL where there is
 * none, or no dynamic linker. */
HZ_HIDDEN void *hz_os_next_function(const char *name);

/* Whether the address lies in the code or data of the program or of a library. False also where nobody knows. */
HZ_HIDDEN bool hz_os_is_in_object(const void *address);
