#include "plugins/openf1/session_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace racehub::openf1 {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "columns are read as they lie");

constexpr std::size_t kMaxHead = 4'096;  // bytes of a section's line of JSON
constexpr std::uint64_t kAlign = 8;      // columns of 64-bit integers lie on such places

std::string said(const std::string& what) { return what + ": " + std::strerror(errno); }

template <class T>
void put(std::string& to, const std::vector<T>& column) {
    to.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T));
}

/// In order of time, the last of those at one instant.
template <class Row>
void tidy(std::vector<Row>& rows) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.time_us < b.time_us; });
    const auto same = [](const Row& a, const Row& b) { return a.time_us == b.time_us; };
    const auto kept = std::unique(rows.rbegin(), rows.rend(), same);
    rows.erase(rows.begin(), kept.base());
}

template <class T, class Row, class Get>
void column(std::string& to, const std::vector<Row>& rows, Get get) {
    std::vector<T> values;
    values.reserve(rows.size());
    for (const Row& row : rows) values.push_back(static_cast<T>(get(row)));
    put(to, values);
}

/// Cuts columns of n values each off the front of a section's bytes.
class Columns {
  public:
    Columns(std::string_view bytes, std::size_t row_size)
        : bytes_(bytes), count_(bytes.size() / row_size) {}
    template <class T>
    std::span<const T> next() {
        const std::span<const T> span(reinterpret_cast<const T*>(bytes_.data()), count_);
        bytes_.remove_prefix(count_ * sizeof(T));
        return span;
    }

  private:
    std::string_view bytes_;
    std::size_t count_;
};

constexpr std::size_t kLocationSize = 8 + 3 * 4;
constexpr std::size_t kCarSize = 8 + 2 * 2 + 4;
constexpr std::size_t kIntervalSize = 8 + 2 * 4;

std::size_t row_size_of(const std::string& kind) {
    if (kind == "location") return kLocationSize;
    if (kind == "car_data") return kCarSize;
    return kind == "intervals" ? kIntervalSize : 0;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

/// Columns must be in order: a search in them would go astray otherwise.
bool in_order(const std::string& kind, std::string_view bytes) {
    const std::size_t row_size = row_size_of(kind);
    if (row_size == 0) return true;
    if (bytes.size() % row_size != 0) return false;
    const auto times = Columns(bytes, row_size).next<Micros>();
    return std::is_sorted(times.begin(), times.end());
}

}  // namespace

std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
        hash = (hash ^ word) * 1'099'511'628'211ULL;
    }
    return hash;
}

std::string pack(std::vector<LocationRow> rows) {
    tidy(rows);
    std::string bytes;
    bytes.reserve(rows.size() * kLocationSize);
    column<Micros>(bytes, rows, [](const auto& row) { return row.time_us; });
    column<std::int32_t>(bytes, rows, [](const auto& row) { return row.x; });
    column<std::int32_t>(bytes, rows, [](const auto& row) { return row.y; });
    column<std::int32_t>(bytes, rows, [](const auto& row) { return row.z; });
    return bytes;
}

std::string pack(std::vector<CarRow> rows) {
    tidy(rows);
    std::string bytes;
    bytes.reserve(rows.size() * kCarSize);
    column<Micros>(bytes, rows, [](const auto& row) { return row.time_us; });
    column<std::int16_t>(bytes, rows, [](const auto& row) { return row.speed; });
    column<std::int16_t>(bytes, rows, [](const auto& row) { return row.rpm; });
    column<std::uint8_t>(bytes, rows, [](const auto& row) { return row.gear; });
    column<std::uint8_t>(bytes, rows, [](const auto& row) { return row.throttle; });
    column<std::uint8_t>(bytes, rows, [](const auto& row) { return row.brake; });
    column<std::uint8_t>(bytes, rows, [](const auto& row) { return row.drs; });
    return bytes;
}

std::string pack(std::vector<IntervalRow> rows) {
    tidy(rows);
    std::string bytes;
    bytes.reserve(rows.size() * kIntervalSize);
    column<Micros>(bytes, rows, [](const auto& row) { return row.time_us; });
    column<std::int32_t>(bytes, rows, [](const auto& row) { return row.gap_ms; });
    column<std::int32_t>(bytes, rows, [](const auto& row) { return row.interval_ms; });
    return bytes;
}

// ---- writing ----

SessionWriter::~SessionWriter() {
    if (fd_ >= 0) ::close(fd_);
}

bool SessionWriter::open(const std::string& path, std::string& error) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && info.st_size > 0) {
        const auto file = SessionFile::open(path, error);
        if (!file) return false;
        size_ = file->whole_size();
    }
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(size_)) != 0 ||
        ::lseek(fd_, 0, SEEK_END) < 0) {
        error = said("Cannot write " + path);
        return false;
    }
    if (size_ > 0) return true;
    size_ = kFileMagic.size();
    if (write_all(fd_, kFileMagic)) return true;
    error = said("Cannot write " + path);
    return false;
}

bool SessionWriter::add(const Section& section, std::string_view bytes, std::string& error) {
    json head{{"kind", section.kind},
              {"driver", section.driver},
              {"rows", section.rows},
              {"bytes", bytes.size()},
              {"sum", std::to_string(checksum(bytes))}};
    if (!section.note.empty()) head["note"] = section.note;
    std::string line = head.dump(-1, ' ', true, json::error_handler_t::replace);
    // Blanks before the line's end bring the bytes to a place where columns can be read directly.
    while ((size_ + line.size() + 1) % kAlign != 0) line += ' ';
    line += '\n';
    line += bytes;
    line += '\n';
    if (!write_all(fd_, line)) {
        error = said("Cannot write the session's file");
        return false;
    }
    size_ += line.size();
    return true;
}

bool SessionWriter::sync(std::string& error) {
    if (::fsync(fd_) == 0) return true;
    error = said("Cannot write the session's file");
    return false;
}

// ---- reading ----

std::shared_ptr<const SessionFile> SessionFile::open(const std::string& path, std::string& error) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) {
        error = said("Cannot read " + path);
        if (fd >= 0) ::close(fd);
        return nullptr;
    }
    std::shared_ptr<SessionFile> file(new SessionFile);
    file->size_ = static_cast<std::uint64_t>(info.st_size);
    void* mapped =
        file->size_ == 0 ? MAP_FAILED : ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (mapped == MAP_FAILED) {
        error = path + " is empty or cannot be read.";
        file->size_ = 0;
        return nullptr;
    }
    file->data_ = static_cast<const char*>(mapped);
    if (file->index(error)) return file;
    error = path + ": " + error;
    return nullptr;
}

SessionFile::~SessionFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

bool SessionFile::index(std::string& error) {
    const std::string_view all(data_, size_);
    if (all.substr(0, kFileMagic.size()) != kFileMagic) {
        error = "is not a session of OpenF1 that RaceHub keeps. Build it again.";
        return false;
    }
    std::uint64_t at = kFileMagic.size();
    while (at < size_) {
        const std::size_t end = all.find('\n', at);
        if (end == std::string_view::npos || end - at > kMaxHead) break;
        const json head = json::parse(all.substr(at, end - at), nullptr, false);
        if (!head.is_object() || !head.contains("kind") || !head["kind"].is_string()) break;
        const auto whole = [&](const char* name) -> std::uint64_t {
            const auto found = head.find(name);
            return found != head.end() && found->is_number_unsigned() ? found->get<std::uint64_t>()
                                                                      : 0;
        };
        Place place;
        place.section.kind = head["kind"].get<std::string>();
        place.section.driver =
            static_cast<std::int32_t>(std::min<std::uint64_t>(whole("driver"), kMaxDriver));
        place.section.rows = whole("rows");
        if (head.contains("note") && head["note"].is_string()) {
            place.section.note = head["note"].get<std::string>();
        }
        place.offset = end + 1;
        place.size = whole("bytes");
        if (place.size > kMaxSection || place.offset + place.size + 1 > size_) break;
        at = place.offset + place.size + 1;
        whole_size_ = at;
        const std::string_view bytes = all.substr(place.offset, place.size);
        const bool good = head.contains("sum") && head["sum"] == std::to_string(checksum(bytes)) &&
                          place.offset % kAlign == 0 && in_order(place.section.kind, bytes);
        const std::pair key(place.section.kind, place.section.driver);
        if (good) {
            places_[key] = std::move(place);
        } else {
            damaged_.push_back(key.first +
                               (key.second > 0 ? " of driver " + std::to_string(key.second) : ""));
        }
    }
    if (whole_size_ == 0) whole_size_ = kFileMagic.size();
    return true;
}

std::vector<Section> SessionFile::sections() const {
    std::vector<Section> list;
    for (const auto& [key, place] : places_) list.push_back(place.section);
    return list;
}

bool SessionFile::has(const std::string& kind, std::int32_t driver) const {
    return places_.count({kind, driver}) != 0;
}

std::string_view SessionFile::bytes(const std::string& kind, std::int32_t driver) const {
    const auto found = places_.find({kind, driver});
    if (found == places_.end()) return {};
    return std::string_view(data_ + found->second.offset, found->second.size);
}

std::vector<std::int32_t> SessionFile::drivers(const std::string& kind) const {
    std::vector<std::int32_t> list;
    for (const auto& [key, place] : places_) {
        if (key.first == kind && key.second > 0) list.push_back(key.second);
    }
    return list;
}

LocationColumns SessionFile::locations(std::int32_t driver) const {
    Columns in(bytes("location", driver), kLocationSize);
    LocationColumns columns;
    columns.time_us = in.next<Micros>();
    columns.x = in.next<std::int32_t>();
    columns.y = in.next<std::int32_t>();
    columns.z = in.next<std::int32_t>();
    return columns;
}

CarColumns SessionFile::cars(std::int32_t driver) const {
    Columns in(bytes("car_data", driver), kCarSize);
    CarColumns columns;
    columns.time_us = in.next<Micros>();
    columns.speed = in.next<std::int16_t>();
    columns.rpm = in.next<std::int16_t>();
    columns.gear = in.next<std::uint8_t>();
    columns.throttle = in.next<std::uint8_t>();
    columns.brake = in.next<std::uint8_t>();
    columns.drs = in.next<std::uint8_t>();
    return columns;
}

IntervalColumns SessionFile::intervals(std::int32_t driver) const {
    Columns in(bytes("intervals", driver), kIntervalSize);
    IntervalColumns columns;
    columns.time_us = in.next<Micros>();
    columns.gap_ms = in.next<std::int32_t>();
    columns.interval_ms = in.next<std::int32_t>();
    return columns;
}

}  // namespace racehub::openf1
