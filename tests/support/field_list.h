#pragma once
// What a payload's `fields` function says about its JSON, as data: for schemas, for fixtures, and
// for tests that go wrong at every key.

#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "hub/core/event.h"
#include "hub/core/samples.h"

namespace racehub::test {

struct Field {
    enum class Type : std::uint8_t { boolean = 1, integer, text, word, list, object };

    std::string name;
    Type type = Type::integer;
    bool required = true;
    bool ranged = false;  ///< `low` and `high` are the field's own, not only those of its type
    std::int64_t low = 0, high = 0;
    std::size_t most = 0;            ///< bytes of a text, items of a list
    std::vector<std::string> words;  ///< of an enumeration
    std::vector<Field> members;      ///< of an object
    std::vector<Field> item;         ///< of a list: one, without a name
};

template <class T>
std::vector<Field> fields_of();

class FieldLister {
  public:
    template <class T, class... Limits>
    void operator()(const char* name, const T& value, const Limits&... limits) {
        add(name, true, value, limits...);
    }
    template <class T, class... Limits>
    void optional(const char* name, const T& value, const Limits&... limits) {
        add(name, false, value, limits...);
    }

    std::vector<Field> list;

  private:
    template <class T, class... Limits>
    void add(const char* name, bool required, const T& value, const Limits&... limits) {
        Field field;
        field.name = name;
        field.required = required;
        describe(field, value, limits...);
        list.push_back(std::move(field));
    }

    static void describe(Field& field, const bool&) { field.type = Field::Type::boolean; }

    template <class T>
    requires(std::is_integral_v<T>) static void describe(Field& field, const T&) {
        constexpr std::int64_t kExact = 9'007'199'254'740'991;  // what JavaScript holds exactly
        using Limit = std::numeric_limits<T>;
        field.type = Field::Type::integer;
        field.low = std::is_unsigned_v<T> ? 0
                    : sizeof(T) < 8       ? static_cast<std::int64_t>(Limit::min())
                                          : -kExact;
        field.high = sizeof(T) < 8 ? static_cast<std::int64_t>(Limit::max()) : kExact;
    }

    template <class T, class Low, class High>
    requires(std::is_integral_v<T>) static void describe(Field& field, const T&, Low low,
                                                         High high) {
        field.type = Field::Type::integer;
        field.ranged = true;
        field.low = static_cast<std::int64_t>(low);
        field.high = static_cast<std::int64_t>(high);
    }

    template <class E>
    requires(std::is_enum_v<E>) static void describe(Field& field, const E&) {
        field.type = Field::Type::word;
        for (const auto& [value, name] : EnumNames<E>::kNames) field.words.emplace_back(name);
    }

    static void describe(Field& field, const std::string&, std::size_t most = kMaxText) {
        field.type = Field::Type::text;
        field.most = most;
    }

    template <class T>
    static void describe(Field& field, const std::vector<T>&, std::size_t most) {
        field.type = Field::Type::list;
        field.most = most;
        describe(field.item.emplace_back(), T{});
    }

    template <class T>
    static void describe(Field& field, const std::optional<T>&) {
        describe(field, T{});
    }

    template <class T>
    requires(std::is_class_v<T>) static void describe(Field& field, const T&) {
        field.type = Field::Type::object;
        field.members = fields_of<T>();
    }
};

template <class T>
std::vector<Field> fields_of() {
    T value{};
    FieldLister lister;
    T::fields(value, lister);
    return std::move(lister.list);
}

struct PayloadFields {
    std::string type;
    Kind kind = Kind::observation;
    std::vector<Field> fields;
};

/// All payload types, in the order of `Payload`.
inline std::vector<PayloadFields> all_payload_fields() {
    std::vector<PayloadFields> all;
    const auto add = [&]<std::size_t... I>(std::index_sequence<I...>) {
        (all.push_back({std::string(std::variant_alternative_t<I, AnyPayload>::kType),
                        kind_of(Payload(std::in_place_index<I>)),
                        fields_of<std::variant_alternative_t<I, AnyPayload>>()}),
         ...);
    };
    add(std::make_index_sequence<std::variant_size_v<AnyPayload>>{});
    return all;
}

/// All samples that the core knows.
inline std::vector<PayloadFields> all_sample_fields() {
    std::vector<PayloadFields> all;
    const auto add = [&]<std::size_t... I>(std::index_sequence<I...>) {
        (all.push_back({std::string(std::variant_alternative_t<I, Sample>::kType), Kind::sample,
                        fields_of<std::variant_alternative_t<I, Sample>>()}),
         ...);
    };
    add(std::make_index_sequence<std::variant_size_v<Sample>>{});
    return all;
}

}  // namespace racehub::test
