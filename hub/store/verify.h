#pragma once
// The proof that the log is what it says: decides all inputs again from the beginning and compares
// the facts one by one, folds the facts and compares checkpoints and projections. Reads only, on a
// connection and a snapshot of its own, so that the hub may run. [any-thread] Does not throw.

#include <string>

#include "hub/store/options.h"

namespace racehub::store {

struct VerifyReport {
    std::uint64_t inputs = 0;
    std::uint64_t facts = 0;
    std::uint64_t races = 0;
    std::string difference;  ///< the first one, as a sentence; empty: there is none
};

/// True when all was read and nothing differs. False with `difference` set, or with `error` when
/// the file cannot be read.
bool verify(const std::string& path, const Progress& progress, VerifyReport& report,
            std::string& error);

}  // namespace racehub::store
