#include "tests/unit/store/child.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace racehub::store::test {

Child::Child(const std::function<void(const std::function<void(std::uint64_t)>&)>& work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::close(ends[0]);
        work([&](std::uint64_t number) {
            if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(2);
        });
        ::_exit(0);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
}

Child::~Child() {
    kill_now(0);
    ::close(pipe_);
}

bool Child::next(std::uint64_t& number, int wait_ms) {
    pollfd ready{pipe_, POLLIN, 0};
    if (::poll(&ready, 1, wait_ms) <= 0) return false;
    return ::read(pipe_, &number, sizeof number) == sizeof number;
}

std::uint64_t Child::kill_now(std::uint64_t last) {
    if (pid_ == 0) return last;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    std::uint64_t number = 0;
    while (::read(pipe_, &number, sizeof number) == sizeof number) last = number;
    return last;
}

}  // namespace racehub::store::test
