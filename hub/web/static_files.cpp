#include "hub/web/static_files.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "hub/web/text.h"

namespace racehub::web {
namespace {

namespace fs = std::filesystem;

/// What our pages may load: themselves only. WebAssembly needs its own word.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},
    {".otf", "font/otf"},
    {".txt", "text/plain; charset=utf-8"},
    {".data", "application/octet-stream"},
}};

std::string type_of(const fs::path& path) {
    const auto extension = lower_case(path.extension().string());
    for (const auto& [known, type] : kTypes) {
        if (known == extension) return std::string(type);
    }
    return "application/octet-stream";
}

/// `app.0123abcd.wasm`: the part before the extension is a digest.
bool has_digest_name(const fs::path& path) {
    const auto digest = path.stem().extension().string();  // with its dot
    return digest.size() >= 9 &&
           std::all_of(digest.begin() + 1, digest.end(), [](char c) { return hex_value(c) >= 0; });
}

std::string digest_of(const std::string& bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return to_hex({reinterpret_cast<const char*>(digest.data()), 8});
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) throw std::runtime_error("cannot read the dashboard's file " + path.string());
    return bytes;
}

/// True when Accept-Encoding names the coding and does not rule it out with q=0.
bool accepts(std::string_view header, std::string_view coding) {
    while (!header.empty()) {
        const auto comma = header.find(',');
        const auto item = header.substr(0, comma);
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        const auto semicolon = item.find(';');
        if (!same_letters(trimmed(item.substr(0, semicolon)), coding)) continue;
        if (semicolon == std::string_view::npos) return true;
        const auto weight = trimmed(item.substr(semicolon + 1));
        return weight.find_first_not_of("q=0. ") != std::string_view::npos;
    }
    return false;
}

bool matches(std::string_view if_none_match, const std::string& etag) {
    return if_none_match == "*" || if_none_match.find('"' + etag + '"') != std::string_view::npos;
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& directory) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) {
        throw std::runtime_error("the dashboard's directory " + directory.string() +
                                 " is not there; build it, or set web.dashboard");
    }
    std::map<std::string, std::string> read;
    std::uintmax_t total = 0;
    for (auto at = fs::recursive_directory_iterator(directory);
         at != fs::recursive_directory_iterator(); ++at) {
        if (at->path().filename().string().front() == '.') {
            if (at->is_directory()) at.disable_recursion_pending();
            continue;
        }
        if (at->is_symlink() || !at->is_regular_file()) continue;
        total += at->file_size();
        if (read.size() == kMaxFiles || total > kMaxTotalBytes) {
            throw std::runtime_error("the dashboard's directory " + directory.string() +
                                     " holds too much to be a dashboard; see web.dashboard");
        }
        read["/" + fs::relative(at->path(), directory).generic_string()] = read_file(at->path());
    }
    const auto shared = [](std::string& bytes) {
        return std::make_shared<const std::string>(std::move(bytes));
    };
    for (auto& [name, bytes] : read) {
        const fs::path path(name);
        const bool packed = path.extension() == ".br" || path.extension() == ".gz";
        if (packed && read.count(name.substr(0, name.size() - 3)) > 0) continue;
        File file;
        file.type = type_of(path);
        file.etag = digest_of(bytes);
        file.cache_control =
            has_digest_name(path) ? "public, max-age=31536000, immutable" : "no-cache";
        file.plain = shared(bytes);
        if (const auto brotli = read.find(name + ".br"); brotli != read.end()) {
            file.brotli = shared(brotli->second);
        }
        if (const auto gzip = read.find(name + ".gz"); gzip != read.end()) {
            file.gzip = shared(gzip->second);
        }
        if (path.extension() == ".html") files_[name.substr(0, name.size() - 5)] = file;
        if (name == "/index.html") files_["/"] = file;
        files_[name] = std::move(file);
    }
}

Response StaticFiles::serve(const Request& request) const {
    if (request.head.method != "GET" && request.head.method != "HEAD") {
        auto response = problem_response(
            {405, "wrong_method", "Files are only read: GET or HEAD.", "request line"});
        response.headers.emplace_back("Allow", "GET, HEAD");
        return response;
    }
    const auto found = files_.find(request.head.path);
    if (found == files_.end()) {
        return problem_response(
            {404, "not_found", "There is nothing at this address.", "request line"});
    }
    const auto& file = found->second;
    const auto encodings = request.head.header("accept-encoding");
    Response response;
    response.body = file.plain;
    std::string etag = file.etag;
    if (file.brotli && accepts(encodings, "br")) {
        response.body = file.brotli;
        response.headers.emplace_back("Content-Encoding", "br");
        etag += "-br";
    } else if (file.gzip && accepts(encodings, "gzip")) {
        response.body = file.gzip;
        response.headers.emplace_back("Content-Encoding", "gzip");
        etag += "-gz";
    }
    response.headers.emplace_back("Content-Type", file.type);
    response.headers.emplace_back("Cache-Control", file.cache_control);
    response.headers.emplace_back("ETag", '"' + etag + '"');
    response.headers.emplace_back("Vary", "Accept-Encoding");
    response.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    if (matches(request.head.header("if-none-match"), etag)) {
        response.status = 304;
        response.body.reset();
    }
    return response;
}

}  // namespace racehub::web
