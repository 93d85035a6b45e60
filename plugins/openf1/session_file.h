#pragma once
// One session of OpenF1 as one file, readable without the network: sections one after another, each
// a line of JSON and its bytes. README.md describes it for other programs.
//
// A builder appends sections as answers come in; a file that ends in the middle of a section (a
// power cut) is good up to the one before. A later section replaces an earlier one of the same kind
// and driver.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugins/openf1/rows.h"

namespace racehub::openf1 {

/// Columns of one driver's samples, in order of time.
struct LocationColumns {
    std::span<const Micros> time_us;
    std::span<const std::int32_t> x, y, z;
};
struct CarColumns {
    std::span<const Micros> time_us;
    std::span<const std::int16_t> speed, rpm;
    std::span<const std::uint8_t> gear, throttle, brake, drs;
};
struct IntervalColumns {
    std::span<const Micros> time_us;
    std::span<const std::int32_t> gap_ms, interval_ms;
};

/// Rows in any order, repeated ones too, as the bytes of a section.
std::string pack(std::vector<LocationRow> rows);
std::string pack(std::vector<CarRow> rows);
std::string pack(std::vector<IntervalRow> rows);

struct Section {
    std::string kind;         ///< a collection's name, or "note"
    std::int32_t driver = 0;  ///< 0: of all
    std::size_t rows = 0;
    std::string note;  ///< what is missing, for people; empty: nothing
};

/// Appends to a file, made when it is not there. One writer at a time.
class SessionWriter {
  public:
    /// Cuts off an unfinished section. False: `error` says why.
    bool open(const std::string& path, std::string& error);
    ~SessionWriter();
    SessionWriter() = default;
    SessionWriter(const SessionWriter&) = delete;
    SessionWriter& operator=(const SessionWriter&) = delete;

    bool add(const Section& section, std::string_view bytes, std::string& error);
    /// Waits until all is on the disk.
    bool sync(std::string& error);

  private:
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

/// A file in memory, mapped: its pages belong to the kernel. Immutable; any thread.
class SessionFile {
  public:
    /// Null: `error` says why. Sections whose bytes are damaged are left out and named in
    /// `damaged`.
    static std::shared_ptr<const SessionFile> open(const std::string& path, std::string& error);
    ~SessionFile();
    SessionFile(const SessionFile&) = delete;
    SessionFile& operator=(const SessionFile&) = delete;

    std::vector<Section> sections() const;
    bool has(const std::string& kind, std::int32_t driver = 0) const;
    /// Bytes of a section; empty when there is none.
    std::string_view bytes(const std::string& kind, std::int32_t driver = 0) const;
    /// Drivers that have a section of that kind.
    std::vector<std::int32_t> drivers(const std::string& kind) const;
    LocationColumns locations(std::int32_t driver) const;
    CarColumns cars(std::int32_t driver) const;
    IntervalColumns intervals(std::int32_t driver) const;

    const std::vector<std::string>& damaged() const { return damaged_; }
    /// Length of all whole sections: what follows is unfinished.
    std::uint64_t whole_size() const { return whole_size_; }

  private:
    struct Place {
        Section section;
        std::uint64_t offset = 0, size = 0;
    };
    SessionFile() = default;
    bool index(std::string& error);

    const char* data_ = nullptr;
    std::uint64_t size_ = 0, whole_size_ = 0;
    std::map<std::pair<std::string, std::int32_t>, Place> places_;
    std::vector<std::string> damaged_;
};

/// FNV-1a over words of eight bytes, little end first, the last one filled up with zeros.
std::uint64_t checksum(std::string_view bytes);

inline constexpr std::string_view kFileMagic = "RaceHub OpenF1 session 1\n";
/// Sections larger than this are not from us: all samples of a driver in a day are smaller.
inline constexpr std::uint64_t kMaxSection = 256ULL * 1024 * 1024;

}  // namespace racehub::openf1
