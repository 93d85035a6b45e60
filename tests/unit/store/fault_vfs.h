#pragma once
// A disk that misbehaves: SQLite's own file layer with writes and flushes that fail when the test
// says so, and with power cuts that keep only some of the 512-byte sectors that were written since
// the last flush of their file.

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

struct sqlite3_file;

namespace racehub::store::test {

class FaultVfs {
  public:
    static constexpr std::int64_t kSector = 512;
    enum class Operation { write, sync };

    FaultVfs();
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;
    /// To be given to StoreOptions::vfs.
    const std::string& name() const { return name_; }

    /// The n-th operation of that kind from now (1 is the next), and the `times - 1` after it,
    /// answer `code`.
    void fail(Operation operation, int n, int times, int code);
    void heal() { times_ = 0; }
    bool has_failed() const { return failed_; }

    /// The n-th write or flush from now is the last thing that happens: every later one is refused.
    void cut_power_at(int n) { until_cut_ = n; }
    bool is_cut() const { return cut_; }
    /// After everything was closed: gives the files the content that the disk would have.
    void come_back(std::uint64_t seed);

    /// Writes and flushes so far.
    int operations() const { return operations_; }

    // For the file methods:
    int before(Operation operation);
    void note_write(const std::string& path, sqlite3_file* file, std::int64_t offset,
                    std::int64_t size);
    void note_sync(const std::string& path);

  private:
    /// Content of the sectors written since the last flush, as it was then; shorter than a sector
    /// at the end of the file.
    struct Unflushed {
        std::int64_t size = 0;
        std::map<std::int64_t, std::string> sectors;
    };

    std::string name_;
    void* vfs_ = nullptr;
    Operation operation_ = Operation::write;
    int until_fault_ = 0;
    int times_ = 0;
    int code_ = 0;
    bool failed_ = false;
    int until_cut_ = 0;
    bool cut_ = false;
    int operations_ = 0;
    std::map<std::string, Unflushed> unflushed_;
};

}  // namespace racehub::store::test
