/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_windows.c -- the contract of hz_os.h on Windows, from 8 on.
 *
 * One call reserves, and what it reserved is released as a whole: parts stay. Pages that are given back are
 * decommitted and committed again. Nothing is moved by page table, and there is no fork. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0602
#include "hz_os.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "hz_bits.h"
#include "hz_fault.h"

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG bytes); /* RtlGenRandom of advapi32 */
BOOLEAN NTAPI RtlDllShutdownInProgress(void);               /* ntdll */

enum { MAP_TRIES = 16, COMMIT_TRIES = 100 };

/* Space is charged for in advance: so the first arena takes a sixteenth of this. */
static const uint64_t SPACE_BYTES = (uint64_t)256 << 30;

size_t hz_os_page_bytes(void) {
    static size_t bytes; /* written with the same value by whoever comes first */
    size_t known = __atomic_load_n(&bytes, __ATOMIC_RELAXED);
    if (HZ_LIKELY(known != 0))
        return known;
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    __atomic_store_n(&bytes, info.dwPageSize, __ATOMIC_RELAXED);
    return info.dwPageSize;
}

/* What the system hands out begins at multiples of 64 KiB. For more, a place is looked for, and then asked for:
 * another thread may be faster. */
static void *map(size_t bytes, size_t alignment, DWORD kind, DWORD protection) {
    char *start = VirtualAlloc(NULL, bytes, kind, protection);
    for (unsigned i = 0; i < MAP_TRIES && start != NULL && ((uintptr_t)start & (alignment - 1)) != 0; i++) {
        (void)VirtualFree(start, 0, MEM_RELEASE);
        if (bytes + alignment < bytes)
            return NULL;
        char *place = VirtualAlloc(NULL, bytes + alignment, MEM_RESERVE, PAGE_NOACCESS);
        if (place == NULL)
            return NULL;
        (void)VirtualFree(place, 0, MEM_RELEASE);
        start = VirtualAlloc((void *)hz_align_up((uintptr_t)place, alignment), bytes, kind, protection);
        if (start == NULL)
            start = VirtualAlloc(NULL, bytes, kind, protection);
    }
    if (start != NULL && ((uintptr_t)start & (alignment - 1)) != 0) {
        (void)VirtualFree(start, 0, MEM_RELEASE);
        return NULL;
    }
    return start;
}

void *hz_os_reserve(size_t bytes, size_t alignment) {
    return hz_fault(HZ_FAULT_RESERVE, bytes) ? NULL : map(bytes, alignment, MEM_RESERVE, PAGE_NOACCESS);
}

void *hz_os_map(size_t bytes, size_t alignment) {
    return hz_fault(HZ_FAULT_MAP, bytes) ? NULL : map(bytes, alignment, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

/* Bytes from start on that one call reserved; 0 if start is not its first. */
static size_t reserved_bytes(const char *start) {
    MEMORY_BASIC_INFORMATION info;
    size_t bytes = 0;
    while (VirtualQuery(start + bytes, &info, sizeof info) != 0 && info.State != MEM_FREE &&
           info.AllocationBase == (const void *)start)
        bytes += info.RegionSize;
    return bytes;
}

bool hz_os_release(void *start, size_t bytes) {
    if (bytes == 0)
        return true;
    if (hz_fault(HZ_FAULT_RELEASE, bytes) || reserved_bytes(start) != hz_align_up(bytes, hz_os_page_bytes()))
        return false;
    return VirtualFree(start, 0, MEM_RELEASE) != 0;
}

static bool commit(void *start, size_t bytes, DWORD protection) {
    DWORD before;
    return bytes == 0 || (VirtualAlloc(start, bytes, MEM_COMMIT, protection) != NULL &&
                          VirtualProtect(start, bytes, protection, &before) != 0);
}

bool hz_os_commit(void *start, size_t bytes) {
    return !hz_fault(HZ_FAULT_COMMIT, bytes) && commit(start, bytes, PAGE_READWRITE);
}

bool hz_os_protect(void *start, size_t bytes) {
    DWORD before;
    return !hz_fault(HZ_FAULT_COMMIT, bytes) && VirtualProtect(start, bytes, PAGE_NOACCESS, &before) != 0;
}

/* Parts of the program itself can only be protected. Reserved space is charged for here. */
bool hz_os_make_readable(void *start, size_t bytes) {
    MEMORY_BASIC_INFORMATION info;
    DWORD before;
    if (hz_fault(HZ_FAULT_COMMIT, bytes) || VirtualQuery(start, &info, sizeof info) == 0)
        return false;
    if (info.State == MEM_RESERVE)
        return commit(start, bytes, PAGE_READONLY);
    return VirtualProtect(start, bytes, PAGE_READONLY, &before) != 0;
}

/* Between its two steps the process may lose what it was charged for, and then the pages are gone: that is waited
 * out, and no more if it lasts. */
bool hz_os_purge(void *start, size_t bytes) {
    if (hz_fault(HZ_FAULT_PURGE, bytes) || VirtualFree(start, bytes, MEM_DECOMMIT) == 0)
        return false;
    for (unsigned i = 0; i < COMMIT_TRIES; i++) {
        if (commit(start, bytes, PAGE_READWRITE))
            return true;
        Sleep(10);
    }
    hz_os_abort();
}

void *hz_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    (void)may_move;
    return old_bytes == new_bytes ? start : NULL;
}

bool hz_os_move_pages(void *from, void *to, size_t bytes) {
    (void)from;
    (void)to;
    (void)bytes;
    return false;
}

void *hz_os_move_out(void *from, size_t bytes, size_t new_bytes) {
    (void)from;
    (void)bytes;
    (void)new_bytes;
    return NULL;
}

void hz_os_advise_huge(void *start, size_t bytes, bool wanted) {
    (void)start;
    (void)bytes;
    (void)wanted;
}

size_t hz_os_address_limit(void) { return sizeof(size_t) == 8 ? (size_t)SPACE_BYTES : SIZE_MAX; }

uint64_t hz_os_entropy(void) {
    uint64_t number;
    LARGE_INTEGER ticks;
    if (SystemFunction036(&number, sizeof number))
        return number;
    (void)QueryPerformanceCounter(&ticks);
    return (uint64_t)ticks.QuadPart * UINT64_C(0x9E3779B97F4A7C15) ^ (uintptr_t)&number;
}

uint32_t hz_os_now_ms(void) { return (uint32_t)GetTickCount64(); }

bool hz_os_is_secure(void) { return false; }

/* The system's copy, kept for the life of the process: options point into it. */
static const char *environment(void) {
    static char *block; /* of several at once one stays */
    char *known = __atomic_load_n(&block, __ATOMIC_ACQUIRE);
    if (known != NULL)
        return known;
    char *fresh = GetEnvironmentStringsA();
    if (fresh == NULL || __atomic_compare_exchange_n(&block, &known, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    (void)FreeEnvironmentStringsA(fresh);
    return known;
}

const char *hz_os_environment(const char *name) {
    size_t length = strlen(name);
    const char *entry = environment();
    for (; entry != NULL && *entry != '\0'; entry += strlen(entry) + 1)
        if (strncmp(entry, name, length) == 0 && entry[length] == '=')
            return entry + length + 1;
    return NULL;
}

void hz_os_environment_each(const char *prefix, void (*visit)(void *arg, const char *entry), void *arg) {
    size_t length = strlen(prefix);
    const char *entry = environment();
    for (; entry != NULL && *entry != '\0'; entry += strlen(entry) + 1)
        if (strncmp(entry, prefix, length) == 0)
            visit(arg, entry);
}

/* Files are for systems where root is known. */
enum hz_os_file hz_os_read_trusted(const char *path, char *buffer, size_t room, size_t *ret_bytes) {
    (void)path;
    (void)buffer;
    (void)room;
    (void)ret_bytes;
    return HZ_OS_FILE_MISSING;
}

const char *hz_os_program(char *buffer, size_t room, size_t *ret_length) {
    DWORD length = GetModuleFileNameA(NULL, buffer, (DWORD)room);
    if (length == 0 || length >= room)
        return NULL;
    size_t start = length;
    while (start > 0 && buffer[start - 1] != '\\' && buffer[start - 1] != '/')
        start--;
    *ret_length = length - start;
    return buffer + start;
}

uint32_t hz_os_thread_id(void) { return GetCurrentThreadId(); }

void hz_os_wait(const void *word, uint32_t expected) {
    (void)WaitOnAddress((volatile void *)(uintptr_t)word, &expected, sizeof expected, INFINITE);
}

void hz_os_wake_one(const void *word) { WakeByAddressSingle((void *)(uintptr_t)word); }

bool hz_os_is_readable(const void *address) {
    MEMORY_BASIC_INFORMATION info;
    const DWORD closed = PAGE_NOACCESS | PAGE_GUARD | PAGE_EXECUTE;
    return VirtualQuery(address, &info, sizeof info) != 0 && info.State == MEM_COMMIT && (info.Protect & closed) == 0;
}

void hz_os_write_error(const char *text, size_t bytes) {
    HANDLE file = GetStdHandle(STD_ERROR_HANDLE);
    DWORD written = 0;
    while (bytes > 0 && WriteFile(file, text, (DWORD)bytes, &written, NULL) && written > 0) {
        text += written;
        bytes -= written;
    }
}

void hz_os_abort(void) { abort(); }

bool hz_os_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
    (void)before;
    (void)in_parent;
    (void)in_child;
    return true;
}

static DWORD exit_slot;                /* const after init */
static void (*exit_hook)(void *value); /* const after init */

/* When the process ends, its other threads were stopped wherever they were, with any lock. */
static void NTAPI on_thread_exit(void *value) {
    if (value != NULL && !RtlDllShutdownInProgress())
        exit_hook(value);
}

/* The library stays for good: its function is called for every thread that ends. */
bool hz_os_thread_exit_init(void (*hook)(void *value)) {
    HMODULE pinned;
    DWORD how = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    exit_hook = hook;
    exit_slot = FlsAlloc(on_thread_exit);
    return exit_slot != FLS_OUT_OF_INDEXES && GetModuleHandleExA(how, (const char *)&exit_hook, &pinned) != 0;
}

bool hz_os_thread_exit_set(void *value) { return FlsSetValue(exit_slot, value) != 0; }

void *hz_os_next_function(const char *name) {
    (void)name;
    return NULL;
}

bool hz_os_is_in_object(const void *address) {
    HMODULE module;
    DWORD how = GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    return GetModuleHandleExA(how, address, &module) != 0;
}
