#pragma once
// A second process of the test's own, to be killed at any moment.

#include <cstdint>
#include <functional>

namespace racehub::store::test {

class Child {
  public:
    /// Forks; the child runs `work`, which may report numbers, and exits.
    explicit Child(
        const std::function<void(const std::function<void(std::uint64_t)>& report)>& work);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Waits for the next number. False when the child has ended, or has said nothing for so long.
    bool next(std::uint64_t& number, int wait_ms);
    /// kill -9, and what it had reported until then: the last number, or `last`.
    std::uint64_t kill_now(std::uint64_t last);

  private:
    int pid_ = 0;
    int pipe_ = -1;
};

}  // namespace racehub::store::test
