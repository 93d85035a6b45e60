#include "hub/plugin_host/carrier.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {  // glibc 2.36 forgot it in this header
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "hub/plugin_host/instance.h"

namespace racehub::plugin_host {
namespace {

constexpr int kChildSocket = 3;
constexpr rlim_t kChildFds = 256;  // 64 watched ones, a vendor library's, ours

class Child final : public Carrier {
  public:
    Child(pid_t pid, Fd socket) : pid_(pid), end_(::pidfd_open(pid, 0)) {
        socket_ = std::move(socket);
    }
    ~Child() override {
        if (reaped_) return;
        Child::kill();
        ::waitpid(pid_, nullptr, 0);
    }
    int end_fd() const override { return end_.get(); }
    pid_t pid() const override { return pid_; }
    bool kill() override {
        if (!reaped_) ::kill(pid_, SIGKILL);
        return true;
    }
    std::optional<CarrierEnd> ended() override {
        int status = 0;
        if (reaped_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
        reaped_ = true;
        if (WIFSIGNALED(status)) {
            const int signal = WTERMSIG(status);
            return CarrierEnd{false, "crashed (signal " + std::to_string(signal) + ", " +
                                         ::strsignal(signal) + ")"};
        }
        const int code = WEXITSTATUS(status);
        const bool said_so = code == static_cast<int>(InstanceEnd::stopped) ||
                             code == static_cast<int>(InstanceEnd::start_failed);
        return CarrierEnd{said_so, "ended (exit status " + std::to_string(code) + ")"};
    }

  private:
    const pid_t pid_;
    const Fd end_;
    bool reaped_ = false;
};

class Thread final : public Carrier {
  public:
    Thread(Fd socket, Fd instance_socket, const LaunchRequest& request) {
        socket_ = std::move(socket);
        auto run = [state = state_, end = std::move(instance_socket), file = request.file,
                    index = request.index]() mutable {
            const InstanceEnd result = run_instance(end.get(), file, index);
            state->result = static_cast<int>(result);
            // Its plugin may have left threads behind that still use the socket's number.
            if (result == InstanceEnd::misbehaved) ::shutdown(end.release(), SHUT_RDWR);
        };
        thread_ = std::thread(std::move(run));
    }
    ~Thread() override {
        if (!thread_.joinable()) return;
        if (state_->result >= 0) {
            thread_.join();
        } else {
            thread_.detach();
        }
    }
    bool kill() override { return state_->result >= 0; }
    std::optional<CarrierEnd> ended() override {
        const int result = state_->result;
        if (result < 0 || !thread_.joinable()) return std::nullopt;
        thread_.join();
        const bool clean = result != static_cast<int>(InstanceEnd::misbehaved);
        return CarrierEnd{clean, clean ? "ended" : "misbehaved"};
    }

  private:
    struct State {
        std::atomic<int> result{-1};
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::thread thread_;
};

std::unique_ptr<Carrier> launch_child(const LaunchRequest& request, Fd ours, Fd theirs,
                                      std::string& error) {
    const std::array<std::string, 6> words{request.host_program,
                                           "run",
                                           request.file,
                                           std::to_string(request.index),
                                           std::to_string(::getpid()),
                                           std::to_string(request.memory_mb)};
    std::array<char*, words.size() + 1> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i)
        arguments[i] = const_cast<char*>(words[i].c_str());
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    // dup2 onto the same number would keep close-on-exec: move ours out of the way first.
    if (theirs.get() == kChildSocket) {
        theirs.reset(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kChildSocket + 1));
    }
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, 2,
                                       1);  // what a library prints goes to the hub's errors
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), kChildSocket);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kChildSocket + 1);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl-C at the hub's terminal is for the hub, which then stops its plugins
    // in order.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, request.host_program.c_str(), &actions, &attributes,
                                     arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) {
        error = request.host_program + " cannot be started: " + std::strerror(failed);
        return nullptr;
    }
    return std::make_unique<Child>(pid, std::move(ours));
}

}  // namespace

std::unique_ptr<Carrier> launch(const LaunchRequest& request, std::string& error) {
    Fd ours;
    Fd theirs;
    if (!socket_pair(ours, theirs)) {
        error = std::string("no socket pair: ") + std::strerror(errno);
        return nullptr;
    }
    if (request.isolation == Isolation::child) {
        return launch_child(request, std::move(ours), std::move(theirs), error);
    }
    return std::make_unique<Thread>(std::move(ours), std::move(theirs), request);
}

bool confine_child(pid_t parent, std::uint32_t memory_mb) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent != 0 && ::getppid() != parent) return false;  // it died before the line above
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const auto limit = [](auto resource, rlim_t value) {
        rlimit now{};
        ::getrlimit(resource, &now);
        now.rlim_max = std::min(now.rlim_max, value);
        now.rlim_cur = now.rlim_max;
        ::setrlimit(resource, &now);
    };
    limit(RLIMIT_CORE, 0);  // a core file would hold the configuration's secrets
    limit(RLIMIT_NOFILE, kChildFds);
#if !defined(__SANITIZE_ADDRESS__)  // its shadow memory alone is terabytes
    limit(RLIMIT_DATA, static_cast<rlim_t>(memory_mb) << 20);
#else
    static_cast<void>(memory_mb);
#endif
    return true;
}

std::string find_host_program() {
    namespace fs = std::filesystem;
    std::error_code problem;
    const fs::path self = fs::read_symlink("/proc/self/exe", problem).parent_path();
    for (const char* place : {".", "../bin", "../../bin", "../libexec/racehub"}) {
        const fs::path candidate = (self / place / "racehub-plugin-host").lexically_normal();
        if (fs::exists(candidate, problem)) return candidate.string();
    }
    return {};
}

}  // namespace racehub::plugin_host
