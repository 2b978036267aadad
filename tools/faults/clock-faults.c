/*
 * Another time for any dynamically linked process, by LD_PRELOAD. Linux, glibc.
 *
 *   CLOCK_FILE   holds "shift rate": the wall clock is `shift` seconds ahead, and both clocks run `rate`
 *                times as fast; read again every 20 ms, so it may change at any time. None: true time.
 *
 * The monotonic clock never goes back: a new rate goes on from where the old one stood. Waiting (poll,
 * epoll, timed locks) takes true time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static double shift, rate = 1;
/* True and shown monotonic seconds where the present rate began; shown minus true of the wall clock. */
static double true_base, shown_base, read_at = -1;
static const char *file;

__attribute__((constructor)) static void start(void) {
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  file = getenv("CLOCK_FILE");
}

static double seconds(clockid_t id) {
  struct timespec now;
  real_clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* How far the shown monotonic time is ahead of the true one. Holds the mutex. */
static double ahead(void) {
  double now = seconds(CLOCK_MONOTONIC);
  if (read_at < 0) true_base = shown_base = now;
  if (file != NULL && (read_at < 0 || now - read_at > 0.02)) {
    double new_shift = 0, new_rate = 1;
    FILE *opened = fopen(file, "r");
    if (opened != NULL) {
      if (fscanf(opened, "%lf %lf", &new_shift, &new_rate) == 2 && new_rate > 0) {
        shown_base += (now - true_base) * rate;
        true_base = now;
        shift = new_shift;
        rate = new_rate;
      }
      fclose(opened);
    }
  }
  if (read_at < 0 || now - read_at > 0.02) read_at = now;
  return shown_base + (now - true_base) * rate - now;
}

int clock_gettime(clockid_t id, struct timespec *out) {
  if (real_clock_gettime == NULL) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  int answer = real_clock_gettime(id, out);
  int wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
  int monotonic = id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME;
  if (answer != 0 || file == NULL || (!wall && !monotonic)) return answer;
  pthread_mutex_lock(&mutex);
  double more = ahead() + (wall ? shift : 0);
  pthread_mutex_unlock(&mutex);
  double shown = (double)out->tv_sec + (double)out->tv_nsec * 1e-9 + more;
  out->tv_sec = (time_t)shown;
  out->tv_nsec = (long)((shown - (double)out->tv_sec) * 1e9);
  return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  struct timespec now;
  (void)zone;
  int answer = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return answer;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
