// Runs a fuzz target without libFuzzer: every file of the folders named, every truncation of the
// small ones, and a fixed number of fixed mutations. The same bytes in every run and on every
// machine. RACEHUB_FUZZ_RUNS changes the number.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

constexpr std::size_t kRuns = 20'000;
constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::size_t kTruncateUpTo = 2'000;  // bytes; each truncation is a run

using Unit = std::string;

void run(const Unit& unit) {
    // A copy of exactly that size: reading past its end is seen by a sanitizer.
    const std::vector<std::uint8_t> bytes(unit.begin(), unit.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<Unit> read_folders(int argc, char** argv) {
    std::vector<std::filesystem::path> paths;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) continue;
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            if (entry.is_regular_file()) paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Unit> units;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        units.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return units;
}

class Mutator {
  public:
    explicit Mutator(const std::vector<Unit>& units) : units_(units) {}

    Unit next() {
        Unit unit = units_[below(units_.size())];
        for (std::size_t i = 0, times = 1 + below(4); i < times; ++i) mutate(unit);
        if (unit.size() > kMostBytes) unit.resize(kMostBytes);
        return unit;
    }

  private:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
    std::ptrdiff_t place(const Unit& unit) {
        return static_cast<std::ptrdiff_t>(below(unit.size() + 1));
    }

    void mutate(Unit& unit) {
        static const std::string kWords[] = {"0",
                                             "-1",
                                             "9007199254740993",
                                             "18446744073709551615",
                                             "1e9",
                                             "null",
                                             "{}",
                                             "[]",
                                             "[[[[",
                                             "\"",
                                             "\\u0000",
                                             "\xff",
                                             "\r\n",
                                             std::string(1, '\0'),
                                             std::string(70, 'x')};
        switch (below(6)) {
            case 0:  // one bit
                if (!unit.empty()) unit[below(unit.size())] ^= static_cast<char>(1 << below(8));
                break;
            case 1:  // one byte
                if (!unit.empty()) unit[below(unit.size())] = static_cast<char>(below(256));
                break;
            case 2: {  // a piece lost
                const auto from = below(unit.size());
                unit.erase(from, 1 + below(16));
                break;
            }
            case 3:  // a word that parsers trip over
                unit.insert(static_cast<std::size_t>(place(unit)),
                            kWords[below(std::size(kWords))]);
                break;
            case 4: {  // a number replaced
                const auto digit = unit.find_first_of("0123456789", below(unit.size()));
                if (digit == Unit::npos) break;
                const auto end = std::min(unit.find_first_not_of("0123456789", digit), unit.size());
                unit.replace(digit, end - digit, kWords[below(5)]);
                break;
            }
            default: {  // the tail of another
                const Unit& other = units_[below(units_.size())];
                unit =
                    unit.substr(0, below(unit.size() + 1)) + other.substr(below(other.size() + 1));
                break;
            }
        }
    }

    const std::vector<Unit>& units_;
    std::mt19937_64 random_{20'240'229};
};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<Unit> units = read_folders(argc, argv);
    if (units.empty()) {
        std::fprintf(stderr, "No corpus. Name the folders that hold it: %s FOLDER...\n", argv[0]);
        return 1;
    }
    std::size_t runs = 0;
    for (const Unit& unit : units) {
        run(unit);
        for (std::size_t size = 0; size < unit.size() && unit.size() <= kTruncateUpTo;
             ++size, ++runs) {
            run(unit.substr(0, size));
        }
    }
    const char* wanted = std::getenv("RACEHUB_FUZZ_RUNS");
    const std::size_t mutations = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kRuns;
    Mutator mutator(units);
    for (std::size_t i = 0; i < mutations; ++i) run(mutator.next());
    std::printf("%zu units, %zu truncations, %zu mutations\n", units.size(), runs, mutations);
    return 0;
}
