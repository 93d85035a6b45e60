#include "hub/plugin_host/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "hub/plugin_host/socket.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

std::string failure(const std::string& why) {
    return json{{"ok", false}, {"error", why}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

pid_t start(const std::string& program, const std::string& file, int out) {
    const std::array<std::string, 4> words{program, "probe", file, std::to_string(::getpid())};
    std::array<char*, words.size() + 1> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i)
        arguments[i] = const_cast<char*>(words[i].c_str());
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 3);  // not 1: a library may print
    ::posix_spawn_file_actions_adddup2(&actions, 2, 1);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 4);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? pid : -1;
}

// All that is written to `in`; false: the limit passed first, or it is too much.
bool read_all(int in, std::int64_t limit_ms, std::string& text) {
    const std::int64_t until_us = monotonic_us() + limit_ms * 1000;
    std::array<char, 4096> part{};
    for (;;) {
        const std::int64_t left_us = until_us - monotonic_us();
        pollfd ready{in, POLLIN, 0};
        if (left_us <= 0) return false;
        if (::poll(&ready, 1, static_cast<int>(left_us / 1000) + 1) <= 0) continue;
        const ssize_t got = ::read(in, part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > Prober::kMaxAnswerBytes) return false;
    }
}

}  // namespace

std::string Prober::run(const std::string& file) const {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failure(std::string("no pipe: ") + std::strerror(errno));
    const Fd in(ends[0]);
    Fd out(ends[1]);
    if (out.get() == 3) out.reset(::fcntl(out.get(), F_DUPFD_CLOEXEC, 4));
    const pid_t pid = start(host_program_, file, out.get());
    out.reset();
    if (pid < 0) return failure(host_program_ + " cannot be started");
    std::string answer;
    const bool complete = read_all(in.get(), limit_ms_, answer);
    if (!complete) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!complete) return failure(file + " does not finish loading");
    if (WIFSIGNALED(status)) {
        return failure(file + " crashes while it is loaded (signal " +
                       std::to_string(WTERMSIG(status)) + ", " + ::strsignal(WTERMSIG(status)) +
                       ")");
    }
    const json parsed = json::parse(answer, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("ok"))
        return failure(file + " ended the probe early");
    if (!parsed["ok"].get<bool>()) return failure(file + " " + parsed.value("error", ""));
    return answer;
}

std::string Prober::probe(const std::string& file) {
    struct stat info {};
    Stamp stamp;
    if (::stat(file.c_str(), &info) == 0) {
        stamp = {info.st_size,
                 std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
    }
    {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(file);
        if (found != known_.end() && found->second.stamp == stamp && stamp.size >= 0) {
            return found->second.answer;
        }
    }
    std::string answer = run(file);
    if (answer.rfind("{\"error\"", 0) == 0) return answer;  // what failed may succeed next time
    const std::lock_guard lock(mutex_);
    known_[file] = {stamp, answer};
    return answer;
}

}  // namespace racehub::plugin_host
