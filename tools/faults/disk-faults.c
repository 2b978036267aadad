/*
 * Disk faults for any dynamically linked process, by LD_PRELOAD. Linux, glibc.
 *
 *   FAULT_PATH      only files whose path contains this text
 *   FAULT_EXCEPT    but not those whose path ends with this
 *   FAULT_CALLS     write,sync: which calls fail (default both); write covers write, pwrite, writev, pwritev
 *                   (also on O_DSYNC files), sync covers fsync and fdatasync
 *   FAULT_AFTER     calls that pass before the first failure (default 0)
 *   FAULT_TIMES     calls that fail (default: for good)
 *   FAULT_ERRNO     EIO or ENOSPC (default EIO)
 *   FAULT_SHORT     bytes that the first failing write still writes, reported as a short write
 *
 *   FAULT_DELAY_MS  each matching write and sync takes so much longer, and does not fail
 *
 *   POWER_LOSS_AFTER  the n-th matching write is the last: the machine loses its power in it
 *   POWER_LOSS_FILE   the power also goes once this file is there, within some milliseconds
 *   POWER_LOSS_SEED   draws what is left
 *
 * Power loss: per file, the writes since its last sync are remembered with the bytes they replaced; a write
 * on an O_DSYNC descriptor is synced when it returns. At the loss each 4 KiB page of each remembered write
 * is kept, restored, or torn at some byte, and files created, renamed or removed since the last sync
 * of their directory are put back or not. Then the process is gone (exit status 137).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside = 0;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);

static const char *fault_path, *fault_except, *fault_calls;
static long fault_after, fault_times, fault_short, loss_after;
static int fault_errno, faults_on, loss_on;
static long delay_ms;
static const char *loss_file;
static long seen_faults, failed_faults, seen_writes;
static uint64_t random_state;

/* A write not yet synced: what stood there before. */
struct undo_write {
  struct undo_write *next;
  dev_t dev;
  ino_t ino;
  char path[PATH_MAX];
  off64_t offset;
  size_t length;
  size_t old_length; /* bytes of `old` that existed before */
  off64_t old_size;
  char *old;
};

/* A change of a directory not yet synced. `saved` is a hard link to what was replaced, or empty. */
struct undo_name {
  struct undo_name *next;
  char path[PATH_MAX];
  char from[PATH_MAX];
  char saved[PATH_MAX];
};

static struct undo_write *writes;
static struct undo_name *names;
static long saved_number;

static uint64_t draw(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void *wait_for_loss_file(void *unused);

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text == NULL || *text == 0 ? otherwise : atol(text);
}

__attribute__((constructor)) static void start(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  fault_path = getenv("FAULT_PATH");
  fault_except = getenv("FAULT_EXCEPT");
  fault_calls = getenv("FAULT_CALLS");
  fault_after = number("FAULT_AFTER", 0);
  fault_times = number("FAULT_TIMES", LONG_MAX);
  fault_short = number("FAULT_SHORT", 0);
  const char *code = getenv("FAULT_ERRNO");
  fault_errno = code != NULL && strcmp(code, "ENOSPC") == 0 ? ENOSPC : EIO;
  loss_on = getenv("POWER_LOSS_AFTER") != NULL;
  loss_after = number("POWER_LOSS_AFTER", 0);
  delay_ms = number("FAULT_DELAY_MS", 0);
  faults_on = fault_path != NULL && !loss_on && delay_ms == 0;
  loss_file = loss_on ? getenv("POWER_LOSS_FILE") : NULL;
  random_state = 0x9e3779b97f4a7c15u ^ ((uint64_t)number("POWER_LOSS_SEED", 1) * 0x2545f4914f6cdd1du);
  if (random_state == 0) random_state = 1;
  pthread_t waiter;
  if (loss_file != NULL && pthread_create(&waiter, NULL, wait_for_loss_file, NULL) != 0) {
    perror("disk-faults: thread");
    _exit(1);
  }
}

static int path_of(int fd, char *out) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, out, PATH_MAX - 1);
  if (length < 0) return 0;
  out[length] = 0;
  return out[0] == '/';
}

static int matches(const char *path) {
  if (fault_except != NULL && *fault_except != 0) {
    size_t length = strlen(path), end = strlen(fault_except);
    if (length >= end && strcmp(path + length - end, fault_except) == 0) return 0;
  }
  return fault_path == NULL || strstr(path, fault_path) != NULL;
}

static int wanted(const char *kind) {
  return fault_calls == NULL || strstr(fault_calls, kind) != NULL;
}

/* A slow disk: the calling thread waits, others go on. */
static void delay(int fd) {
  char path[PATH_MAX];
  if (delay_ms > 0 && !inside && path_of(fd, path) && matches(path)) usleep((useconds_t)delay_ms * 1000);
}

/* 1: this call fails; `*room` is what a failing write may still write. Holds the mutex. */
static int fails(int fd, const char *kind, long *room) {
  char path[PATH_MAX];
  *room = 0;
  if (!faults_on || !wanted(kind) || !path_of(fd, path) || !matches(path)) return 0;
  if (seen_faults++ < fault_after || failed_faults >= fault_times) return 0;
  if (failed_faults == 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "disk-faults: the disk fails: %s of %s\n", kind, path);
    if (real_write(2, line, (size_t)length) < 0) return 1;
  }
  if (fault_short > 0 && failed_faults == 0 && strcmp(kind, "write") == 0) {
    *room = fault_short;
    fault_short = 0;
    seen_faults--;
  } else {
    failed_faults++;
  }
  return 1;
}

static void forget_writes(dev_t dev, ino_t ino) {
  struct undo_write **at = &writes;
  while (*at != NULL) {
    struct undo_write *found = *at;
    if (found->dev == dev && found->ino == ino) {
      *at = found->next;
      free(found->old);
      free(found);
    } else {
      at = &found->next;
    }
  }
}

static void forget_names(const char *directory) {
  size_t length = strlen(directory);
  struct undo_name **at = &names;
  while (*at != NULL) {
    struct undo_name *found = *at;
    int below = strncmp(found->path, directory, length) == 0 && found->path[length] == '/' &&
                strchr(found->path + length + 1, '/') == NULL;
    if (below) {
      if (found->saved[0] != 0) real_unlink(found->saved);
      *at = found->next;
      free(found);
    } else {
      at = &found->next;
    }
  }
}

/* Remembers what [offset, offset + length) holds; the newest first. */
static struct undo_write *remember(int fd, off64_t offset, size_t length) {
  struct stat64 info;
  struct undo_write *made = calloc(1, sizeof *made);
  if (made == NULL || fstat64(fd, &info) != 0 || !path_of(fd, made->path)) {
    free(made);
    return NULL;
  }
  made->dev = info.st_dev;
  made->ino = info.st_ino;
  made->offset = offset;
  made->length = length;
  made->old_size = info.st_size;
  made->old = calloc(1, length + 1);
  int reader = real_open(made->path, O_RDONLY);
  if (reader >= 0) {
    ssize_t got = pread64(reader, made->old, length, offset);
    made->old_length = got > 0 ? (size_t)got : 0;
    close(reader);
  }
  made->next = writes;
  writes = made;
  return made;
}

/* Each page of the remembered write is kept, restored or torn. */
static void lose(struct undo_write *lost) {
  int fd = real_open(lost->path, O_RDWR);
  if (fd < 0) return;
  for (size_t at = 0; at < lost->length;) {
    size_t page = PAGE - (size_t)((lost->offset + (off64_t)at) % PAGE);
    if (page > lost->length - at) page = lost->length - at;
    uint64_t fate = draw() % 3;
    size_t from = at, until = at + page;
    if (fate == 1) {
      size_t cut = at + draw() % page;
      if (draw() % 2 == 0) from = cut;
      else until = cut;
    }
    if (fate != 0 && until > from) {
      real_pwrite(fd, lost->old + from, until - from, lost->offset + (off64_t)from);
    }
    at += page;
  }
  struct stat64 info;
  if (fstat64(fd, &info) == 0 && info.st_size > lost->old_size && draw() % 2 == 0) {
    if (ftruncate64(fd, lost->old_size) != 0) perror("disk-faults: truncate");
  }
  close(fd);
}

static void lose_power(void) {
  inside = 1;
  for (struct undo_write *lost = writes; lost != NULL; lost = lost->next) lose(lost);
  for (struct undo_name *lost = names; lost != NULL; lost = lost->next) {
    int back = draw() % 2 == 0;
    if (back && lost->from[0] != 0) real_rename(lost->path, lost->from);
    else if (back && lost->saved[0] == 0) real_unlink(lost->path);
    if (back && lost->saved[0] != 0) real_rename(lost->saved, lost->path);
    else if (lost->saved[0] != 0) real_unlink(lost->saved);
  }
  _exit(137);
}

static void *wait_for_loss_file(void *unused) {
  while (access(loss_file, F_OK) != 0) usleep(2000);
  pthread_mutex_lock(&mutex);
  lose_power();
  return unused;
}

static int synced_at_once(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & (O_DSYNC | O_SYNC)) != 0;
}

static off64_t position_of(int fd, off64_t offset) {
  if (offset >= 0) return offset;
  struct stat64 info;
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_APPEND) != 0 && fstat64(fd, &info) == 0) return info.st_size;
  return lseek64(fd, 0, SEEK_CUR);
}

static size_t total_of(const struct iovec *parts, int count) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  return total;
}

/* The one write: offset -1 means at the file's position. */
static ssize_t do_write(int fd, const struct iovec *parts, int count, off64_t offset) {
  delay(fd);
  if (inside || (!faults_on && !loss_on)) {
    return offset < 0 ? real_writev(fd, parts, count) : real_pwritev(fd, parts, count, offset);
  }
  pthread_mutex_lock(&mutex);
  inside = 1;
  ssize_t answer;
  long room;
  char path[PATH_MAX];
  if (fails(fd, "write", &room)) {
    if (room > 0 && (size_t)room < total_of(parts, count)) {
      size_t first = parts[0].iov_len < (size_t)room ? parts[0].iov_len : (size_t)room;
      answer = offset < 0 ? real_write(fd, parts[0].iov_base, first)
                          : real_pwrite(fd, parts[0].iov_base, first, offset);
    } else {
      errno = fault_errno;
      answer = -1;
    }
  } else if (loss_on && path_of(fd, path) && matches(path)) {
    struct undo_write *kept = remember(fd, position_of(fd, offset), total_of(parts, count));
    int last = seen_writes++ >= loss_after;
    answer = offset < 0 ? real_writev(fd, parts, count) : real_pwritev(fd, parts, count, offset);
    if (last) lose_power();
    if (kept != NULL && synced_at_once(fd)) {
      writes = kept->next;
      free(kept->old);
      free(kept);
    }
  } else {
    answer = offset < 0 ? real_writev(fd, parts, count) : real_pwritev(fd, parts, count, offset);
  }
  int code = errno;
  inside = 0;
  pthread_mutex_unlock(&mutex);
  errno = code;
  return answer;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  struct iovec part = {(void *)bytes, length};
  if (inside || (!faults_on && !loss_on && delay_ms == 0)) return real_write(fd, bytes, length);
  return do_write(fd, &part, 1, -1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  struct iovec part = {(void *)bytes, length};
  return do_write(fd, &part, 1, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return do_write(fd, parts, count, -1);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return do_write(fd, parts, count, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return do_write(fd, parts, count, offset);
}

static int do_sync(int fd, int (*real)(int)) {
  delay(fd);
  if (inside || (!faults_on && !loss_on)) return real(fd);
  pthread_mutex_lock(&mutex);
  inside = 1;
  int answer;
  long room;
  if (fails(fd, "sync", &room)) {
    errno = fault_errno;
    answer = -1;
  } else {
    answer = real(fd);
    struct stat64 info;
    char path[PATH_MAX];
    if (loss_on && answer == 0 && fstat64(fd, &info) == 0) {
      forget_writes(info.st_dev, info.st_ino);
      if (S_ISDIR(info.st_mode) && path_of(fd, path)) forget_names(path);
    }
  }
  int code = errno;
  inside = 0;
  pthread_mutex_unlock(&mutex);
  errno = code;
  return answer;
}

int fsync(int fd) { return do_sync(fd, real_fsync); }
int fdatasync(int fd) { return do_sync(fd, real_fdatasync); }

/* Notes a changed name; `replaced` is kept under a second name so that it can be put back. */
static void note_name(const char *path, const char *from, int replaced) {
  char full[PATH_MAX], origin[PATH_MAX];
  if (realpath(path, full) == NULL) return;
  if (!matches(full)) return;
  struct undo_name *made = calloc(1, sizeof *made);
  if (made == NULL) return;
  strcpy(made->path, full);
  if (from != NULL && realpath(from, origin) != NULL) strcpy(made->from, origin);
  if (replaced) {
    snprintf(made->saved, sizeof made->saved, "%.4000s.faults-%ld", full, saved_number++);
    if (link(full, made->saved) != 0) made->saved[0] = 0;
  }
  made->next = names;
  names = made;
}

static int opened(int fd, const char *path, int existed) {
  if (fd >= 0 && loss_on && !existed && !inside) {
    pthread_mutex_lock(&mutex);
    inside = 1;
    note_name(path, NULL, 0);
    inside = 0;
    pthread_mutex_unlock(&mutex);
  }
  return fd;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  int existed = !loss_on || (flags & O_CREAT) == 0 || access(path, F_OK) == 0;
  return opened(real_open(path, flags, mode), path, existed);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return open64(path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  if (path[0] == '/' || directory == AT_FDCWD) return open64(path, flags, mode);
  return real_openat(directory, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return openat64(directory, path, flags, mode);
}

int rename(const char *from, const char *to) {
  if (!loss_on || inside) return real_rename(from, to);
  pthread_mutex_lock(&mutex);
  inside = 1;
  int replaces = access(to, F_OK) == 0;
  struct undo_name *before = names;
  if (replaces) note_name(to, NULL, 1);
  struct undo_name *kept = names != before ? names : NULL;
  int answer = real_rename(from, to);
  if (answer == 0 && kept == NULL) note_name(to, NULL, 0);
  for (struct undo_write *moved = writes; answer == 0 && moved != NULL; moved = moved->next) {
    if (strcmp(moved->path, from) == 0) snprintf(moved->path, PATH_MAX, "%.4000s", to);
  }
  if (answer == 0 && names != before) {
    /* Put back means: the new file under its old name again. */
    char parent[PATH_MAX];
    if (from[0] == '/') strncpy(names->from, from, PATH_MAX - 1);
    else if (getcwd(parent, sizeof parent) != NULL) {
      snprintf(names->from, PATH_MAX, "%.2000s/%.2000s", parent, from);
    }
  }
  inside = 0;
  pthread_mutex_unlock(&mutex);
  return answer;
}

int unlink(const char *path) {
  if (!loss_on || inside) return real_unlink(path);
  pthread_mutex_lock(&mutex);
  inside = 1;
  note_name(path, NULL, 1);
  int answer = real_unlink(path);
  inside = 0;
  pthread_mutex_unlock(&mutex);
  return answer;
}
