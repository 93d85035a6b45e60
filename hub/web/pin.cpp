#include "hub/web/pin.h"

#include <crypt.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "hub/web/fd.h"

namespace racehub::web {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::string draw_digits() {
    std::string digits;
    while (digits.size() < 8) {
        for (const char c : random_bytes(16)) {
            // 250 is the largest multiple of ten in a byte: each digit is equally likely.
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 250 && digits.size() < 8)
                digits.push_back(static_cast<char>('0' + byte % 10));
        }
    }
    return digits;
}

/// crypt() with a setting, which may be an old hash. Empty on failure.
std::string crypted(const std::string& text, const std::string& setting) {
    const auto data = std::make_unique<crypt_data>();  // 32 kB: too much for a stack
    const char* result = crypt_r(text.c_str(), setting.c_str(), data.get());
    std::string hash = result != nullptr && result[0] != '*' ? result : "";
    OPENSSL_cleanse(data.get(), sizeof(crypt_data));
    return hash;
}

std::string hash_pin(const std::string& pin) {
    const auto random = random_bytes(16);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE] = {};
    if (crypt_gensalt_rn("$y$", 0, random.data(), static_cast<int>(random.size()), setting,
                         sizeof setting) == nullptr) {
        fail("cannot prepare the PIN's hash");
    }
    auto hash = crypted(pin, setting);
    if (hash.empty()) fail("cannot hash the PIN");
    return hash;
}

}  // namespace

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const auto got = getrandom(bytes.data() + done, size - done, 0);
        if (got < 0 && errno != EINTR) fail("no random numbers from the kernel");
        if (got > 0) done += static_cast<std::size_t>(got);
    }
    return bytes;
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void write_private_file(const std::filesystem::path& path, std::string_view text) {
    const auto temporary = path.string() + ".new";
    unlink(temporary.c_str());
    {
        const Fd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.valid()) fail("cannot write " + temporary);
        if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            fsync(file.get()) != 0) {
            fail("cannot write " + temporary);
        }
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) fail("cannot write " + path.string());
}

Pin::Pin(std::filesystem::path state_directory) : file_(std::move(state_directory)) {
    file_ /= "director.pin";
    std::ifstream in(file_);
    if (in && std::getline(in, hash_) && hash_.rfind("$y$", 0) == 0) {
        chmod(file_.c_str(), 0600);
        return;
    }
    if (std::filesystem::exists(file_)) {
        throw std::runtime_error(file_.string() +
                                 " does not hold a PIN's hash; remove it to draw a new PIN");
    }
    redraw();
}

bool Pin::matches(std::string_view pin) const {
    if (pin.empty() || pin.size() > 64 || pin.find('\0') != std::string_view::npos) return false;
    const auto hash = crypted(std::string(pin), hash_);
    return !hash.empty() && same_secret(hash, hash_);
}

std::string Pin::redraw() {
    const auto pin = draw_digits();
    hash_ = hash_pin(pin);
    write_private_file(file_, hash_ + "\n");
    fresh_ = pin;
    return pin;
}

}  // namespace racehub::web
