#pragma once
// Values that a `fields` function allows: random within their limits, at either limit, or a plain
// example.

#include <random>

#include "hub/core/event.h"

namespace racehub::test {

class Sampler {
  public:
    enum class Mode : std::uint8_t { random = 1, lowest, highest };

    explicit Sampler(Mode mode, std::uint64_t seed = 1) : mode_(mode), random_(seed) {}

    template <class T, class... Limits>
    void operator()(const char*, T& value, const Limits&... limits) {
        fill(value, limits...);
    }
    template <class T, class... Limits>
    void optional(const char*, T& value, const Limits&... limits) {
        if (mode_ == Mode::random && random_() % 4 == 0) return;
        fill(value, limits...);
    }

    /// A payload of the type with that index.
    Payload payload(std::size_t index) {
        Payload value;
        pick(index, value, std::make_index_sequence<std::variant_size_v<AnyPayload>>{});
        return value;
    }

  private:
    template <std::size_t... I>
    void pick(std::size_t index, Payload& value, std::index_sequence<I...>) {
        const auto fill_one = [&]<class T>(std::type_identity<T>) {
            T data;
            T::fields(data, *this);
            value = std::move(data);
        };
        ((index == I ? fill_one(std::type_identity<std::variant_alternative_t<I, AnyPayload>>{})
                     : void()),
         ...);
    }

    std::int64_t between(std::int64_t low, std::int64_t high) {
        if (mode_ == Mode::lowest) return low;
        if (mode_ == Mode::highest) return high;
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }

    void fill(bool& value) { value = between(0, 1) == 1; }

    template <class T>
    requires(std::is_integral_v<T>) void fill(T& value) {
        constexpr std::int64_t kExact = 9'007'199'254'740'991;
        const std::int64_t low = std::is_unsigned_v<T> ? 0 : sizeof(T) < 8 ? INT32_MIN : -kExact;
        value = static_cast<T>(between(low, sizeof(T) < 8 ? INT32_MAX : kExact));
    }

    template <class T, class Low, class High>
    requires(std::is_integral_v<T>) void fill(T& value, Low low, High high) {
        value = static_cast<T>(
            between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
    }

    template <class E>
    requires(std::is_enum_v<E>) void fill(E& value) {
        const auto& names = EnumNames<E>::kNames;
        value =
            names[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(names.size()) - 1))]
                .first;
    }

    void fill(std::string& value, std::size_t most = kMaxText) {
        // One to four bytes each; quotes and control characters are what JSON must escape.
        static const std::string kPieces[] = {"a",
                                              "Z",
                                              " ",
                                              "\"",
                                              "\\",
                                              "\n",
                                              "<b>",
                                              "\xc3\xab",
                                              "\t",
                                              "\xe2\x98\x85",
                                              "\xf0\x9f\x8f\x81",
                                              "{"};
        value.clear();
        const auto size = static_cast<std::size_t>(between(0, static_cast<std::int64_t>(most)));
        while (value.size() < size) {
            const std::string& piece = kPieces[random_() % std::size(kPieces)];
            value += value.size() + piece.size() <= size ? piece : "x";
        }
    }

    template <class T>
    void fill(std::vector<T>& value, std::size_t most) {
        value.clear();
        const auto size = between(0, std::min<std::int64_t>(static_cast<std::int64_t>(most), 8));
        for (std::int64_t i = 0; i < size; ++i) fill(value.emplace_back());
    }

    template <class T>
    void fill(std::optional<T>& value) {
        fill(value.emplace());
    }

    template <class T>
    requires(std::is_class_v<T>) void fill(T& value) { T::fields(value, *this); }

    Mode mode_;
    std::mt19937_64 random_;
};

}  // namespace racehub::test
