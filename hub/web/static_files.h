#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/web/exchange.h"

namespace racehub::web {

/// The dashboard's files, read once at start. A request's path is only ever looked up in this
/// table: it never reaches the file system.
///
/// `name.br` and `name.gz` beside `name` are its compressed forms. `/` is index.html, and `/phone`
/// is phone.html. A name with eight or more hex digits before its extension (`app.0123abcd.wasm`)
/// never changes and may be kept for ever; all else is asked for again, by its ETag.
class StaticFiles {
  public:
    /// Bounds on a directory that somebody pointed us to by mistake.
    static constexpr std::size_t kMaxFiles = 500;
    static constexpr std::uintmax_t kMaxTotalBytes = 64 * 1024 * 1024;

    /// Nothing to serve.
    StaticFiles() = default;
    /// Reads the directory and those below it; hidden files and symbolic links are left out. Throws
    /// std::runtime_error with a sentence for people when it cannot be read or exceeds the bounds.
    explicit StaticFiles(const std::filesystem::path& directory);

    /// Answers GET and HEAD; 404 for what is not in the table.
    Response serve(const Request& request) const;
    std::size_t size() const { return files_.size(); }

  private:
    using Bytes = std::shared_ptr<const std::string>;
    struct File {
        std::string type;
        std::string etag;  // without quotes
        std::string cache_control;
        Bytes plain;
        Bytes brotli;
        Bytes gzip;
    };

    std::map<std::string, File, std::less<>> files_;
};

}  // namespace racehub::web
