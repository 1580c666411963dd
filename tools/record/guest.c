/*
 * A guest of a recording: a process that maps, writes, advises and unmaps memory, forks and execs,
 * as its recorder (guests.ts) says over a socket, whose path is its argument. A child of its own
 * connects there too; after an exec it goes on with the connection that it is given. It ends when
 * the recorder closes the connection, and answers each command with 0 or an errno; MERGES with what
 * prctl says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAP, WRITE, ADVISE, UNMAP, BIND, FORK, LOOK, PRCTL, EXEC, MERGES };
enum { SET_MEMORY_MERGE = 67, GET_MEMORY_MERGE = 68 };
enum { POLICY_BIND = 2 };

/*
 * What follows a WRITE are its `length` bytes. `value`: the advice; the NUMA node, of all further
 * pages where there is no length; 1: on.
 */
struct command {
  uint64_t what, address, length, value;
};

static const char *path;
static int recorder;

static void receive(void *to, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = read(recorder, (char *)to + done, length - done);
    if (got <= 0) _exit(0);
    done += got;
  }
}

static void send_number(int64_t number) {
  if (write(recorder, &number, sizeof number) != sizeof number) _exit(1);
}

/* The first that is said on a connection is whose it is. */
static void connect_to_recorder(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  recorder = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(recorder, (struct sockaddr *)&address, sizeof address) != 0) _exit(1);
  send_number(getpid());
}

static int fork_guest(void) {
  int parents = recorder;
  pid_t child = fork();
  if (child != 0) return child < 0 ? errno : 0;
  /* Or the parent's connection would outlive the parent. */
  close(parents);
  connect_to_recorder();
  return -1;
}

/* Reads a byte of every page that is there, and touches no other: all are young from then on. */
static int look(const char *from, size_t length) {
  uint64_t entry;
  int pagemap = open("/proc/self/pagemap", O_RDONLY);
  for (const char *at = from; at < from + length; at += 4096) {
    if (pread(pagemap, &entry, sizeof entry, (uintptr_t)at / 4096 * sizeof entry) != sizeof entry) {
      close(pagemap);
      return -1;
    }
    if (entry >> 63) (void)*(const volatile char *)at;
  }
  return close(pagemap);
}

/* The same program, from its beginning, on the same connection: it answers once it is there. */
static int become_anew(void) {
  char connection[16];
  snprintf(connection, sizeof connection, "%d", recorder);
  execl("/proc/self/exe", "guest", path, connection, (char *)NULL);
  return errno;
}

/* 0 or an errno; -1: nobody waits for an answer. */
static int carry_out(const struct command *command) {
  void *at = (void *)command->address;
  unsigned long nodes = 1UL << command->value;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  int failed = 0;
  switch (command->what) {
    case MAP:
      failed = mmap(at, command->length, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED;
      break;
    case WRITE: receive(at, command->length); break;
    case ADVISE: failed = madvise(at, command->length, (int)command->value); break;
    case UNMAP: failed = munmap(at, command->length); break;
    case BIND:
      if (command->length == 0)
        failed = syscall(SYS_set_mempolicy, POLICY_BIND, &nodes, 64) != 0;
      else
        failed = syscall(SYS_mbind, at, command->length, POLICY_BIND, &nodes, 64, 0) != 0;
      break;
    case FORK: return fork_guest();
    case LOOK: failed = look((char *)at, command->length) != 0; break;
    case PRCTL: failed = prctl(SET_MEMORY_MERGE, command->value, 0, 0, 0) != 0; break;
    case EXEC: return become_anew();
    case MERGES: {
      int merges = prctl(GET_MEMORY_MERGE, 0, 0, 0, 0);
      return merges < 0 ? errno : merges;
    }
    default: return EINVAL;
  }
  return failed ? errno : 0;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) return 2;
  path = argv[1];
  signal(SIGCHLD, SIG_IGN);
  if (argc == 2) connect_to_recorder();
  else {
    recorder = atoi(argv[2]);
    send_number(0);
  }
  for (;;) {
    struct command command;
    receive(&command, sizeof command);
    int error = carry_out(&command);
    if (error >= 0) send_number(error);
  }
}
