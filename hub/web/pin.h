#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace racehub::web {

/// `size` bytes of the kernel's randomness. Throws std::runtime_error when there are none.
std::string random_bytes(std::size_t size);
/// Equal, in a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b);
/// Writes a file that only its owner may read, whole or not at all. Throws std::runtime_error with
/// a sentence for people.
void write_private_file(const std::filesystem::path& path, std::string_view text);

/// The race director's PIN: eight random digits, of which only the yescrypt hash is kept, in
/// `<state>/director.pin`.
class Pin {
  public:
    /// Reads the hash; draws a PIN when there is none yet (see fresh()). Throws std::runtime_error
    /// with a sentence for people.
    explicit Pin(std::filesystem::path state_directory);

    /// The PIN in clear, to be printed once, when this object drew it; nothing when its hash was there
    /// already.
    const std::optional<std::string>& fresh() const { return fresh_; }
    /// [any thread] About 60 ms of work.
    bool matches(std::string_view pin) const;
    /// Replaces the PIN and returns the new one. Sessions are the caller's business.
    std::string redraw();

  private:
    std::filesystem::path file_;
    std::string hash_;
    std::optional<std::string> fresh_;
};

}  // namespace racehub::web
