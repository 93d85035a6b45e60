#include "hub/plugin_host/one_shot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {  // glibc 2.36 forgot it in this header
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "hub/plugin_host/socket.h"

namespace racehub::plugin_host {
namespace {

constexpr int kAnswerFd = 3;  // not 1: a library may print
constexpr int kLastMomentMs = 1'000;
constexpr std::int64_t kLookMs = 100;  // how soon the end of the hub is noticed

pid_t start(const std::string& program, std::vector<std::string>& words, int in, int out) {
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, kAnswerFd);
    ::posix_spawn_file_actions_adddup2(&actions, 2, 1);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kAnswerFd + 1);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own, so that what it starts can be ended with it.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    return failed == 0 ? pid : -1;
}

// All that is written to `in`; false: the limit passed first, or it is too much.
bool read_all(int in, std::int64_t limit_ms, std::size_t max_bytes, const std::atomic<bool>* over,
              std::string& text) {
    const std::int64_t until_us = monotonic_us() + limit_ms * 1000;
    std::array<char, 4096> part{};
    for (;;) {
        const std::int64_t left_us = until_us - monotonic_us();
        pollfd ready{in, POLLIN, 0};
        if (left_us <= 0 || (over != nullptr && *over)) return false;
        const std::int64_t look_ms = over == nullptr ? limit_ms : kLookMs;
        if (::poll(&ready, 1, static_cast<int>(std::min(left_us / 1000, look_ms)) + 1) <= 0) {
            continue;
        }
        const ssize_t got = ::read(in, part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > max_bytes) return false;
    }
}

// dup2 onto the same number would keep close-on-exec: out of the way of the child's numbers.
void move_up(Fd& fd) {
    if (fd.get() <= kAnswerFd) fd.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kAnswerFd + 1));
}

}  // namespace

OneShot ask_once(const std::string& host_program, std::vector<std::string> words,
                 std::string_view input, std::int64_t limit_ms, std::size_t max_bytes,
                 const std::atomic<bool>* over) {
    OneShot result;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        result.text = std::string("no pipe: ") + std::strerror(errno);
        return result;
    }
    const Fd in(ends[0]);
    Fd out(ends[1]);
    // A file in memory: writing it cannot block, however slow the child is.
    Fd given = input.empty() ? Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)) : text_in_file(input);
    if (given) ::lseek(given.get(), 0, SEEK_SET);
    move_up(out);
    move_up(given);
    const pid_t pid = given ? start(host_program, words, given.get(), out.get()) : -1;
    out.reset();
    if (pid < 0) {
        result.text = host_program + " cannot be started";
        return result;
    }
    result.started = true;
    result.complete = read_all(in.get(), limit_ms, max_bytes, over, result.text);
    // The end of its words is most often its own end: given a moment, so that a crash is seen.
    const Fd child(::pidfd_open(pid, 0));
    pollfd ended{child.get(), POLLIN, 0};
    const bool by_itself = result.complete && ::poll(&ended, 1, kLastMomentMs) == 1;
    ::kill(-pid, SIGKILL);  // with all that it started
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (by_itself && WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    return result;
}

std::string crash_text(int signal) {
    return "(signal " + std::to_string(signal) + ", " + ::strsignal(signal) + ")";
}

}  // namespace racehub::plugin_host
