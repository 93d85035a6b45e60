#include "tests/unit/store/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

namespace racehub::store::test {
namespace {

sqlite3_vfs* base() { return sqlite3_vfs_find("unix"); }

/// SQLite gives the memory; the real file follows behind it.
struct ShimFile {
    sqlite3_file head;
    FaultVfs* owner;
    std::string* path;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* shim(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return shim(file)->real(); }

int shim_close(sqlite3_file* file) {
    const int code = real(file)->pMethods->xClose(real(file));
    delete shim(file)->path;
    return code;
}

int shim_read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), data, size, offset);
}

int shim_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    const int code = shim(file)->owner->before(FaultVfs::Operation::write);
    if (code != SQLITE_OK) return code;
    shim(file)->owner->note_write(*shim(file)->path, real(file), offset, size);
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
}

int shim_truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = shim(file)->owner->before(FaultVfs::Operation::write);
    if (code != SQLITE_OK) return code;
    sqlite3_int64 old = 0;
    real(file)->pMethods->xFileSize(real(file), &old);
    if (size < old) shim(file)->owner->note_write(*shim(file)->path, real(file), size, old - size);
    return real(file)->pMethods->xTruncate(real(file), size);
}

int shim_sync(sqlite3_file* file, int) {
    const int code = shim(file)->owner->before(FaultVfs::Operation::sync);
    if (code != SQLITE_OK) return code;
    // Nothing really dies here, so nothing need really be flushed.
    shim(file)->owner->note_sync(*shim(file)->path);
    return SQLITE_OK;
}

int shim_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int shim_lock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}
int shim_unlock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}
int shim_reserved(sqlite3_file* file, int* held) {
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
}
int shim_control(sqlite3_file* file, int op, void* arg) {
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}
int shim_sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int shim_device(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shim_map(sqlite3_file* file, int page, int size, int extend, void volatile** data) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, data);
}
int shim_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void shim_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int shim_unmap(sqlite3_file* file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods kMethods = {
    2,           shim_close, shim_read,     shim_write,    shim_truncate, shim_sync,
    shim_size,   shim_lock,  shim_unlock,   shim_reserved, shim_control,  shim_sector,
    shim_device, shim_map,   shim_shm_lock, shim_barrier,  shim_unmap,    nullptr,
    nullptr};

int shim_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    auto* made = new (file) ShimFile{};
    made->owner = static_cast<FaultVfs*>(vfs->pAppData);
    std::memset(made->real(), 0, static_cast<std::size_t>(base()->szOsFile));
    const int code = base()->xOpen(base(), path, made->real(), flags, out);
    if (made->real()->pMethods == nullptr) return code;
    made->path = new std::string(path == nullptr ? "" : path);
    made->head.pMethods = &kMethods;
    return code;
}

}  // namespace

FaultVfs::FaultVfs() {
    static int count = 0;
    name_ = "fault-" + std::to_string(++count);
    auto* vfs = new sqlite3_vfs(*base());
    vfs->szOsFile = static_cast<int>(sizeof(ShimFile)) + base()->szOsFile;
    vfs->pNext = nullptr;
    vfs->zName = name_.c_str();
    vfs->pAppData = this;
    vfs->xOpen = shim_open;
    sqlite3_vfs_register(vfs, 0);
    vfs_ = vfs;
}

FaultVfs::~FaultVfs() {
    auto* vfs = static_cast<sqlite3_vfs*>(vfs_);
    sqlite3_vfs_unregister(vfs);
    delete vfs;
}

void FaultVfs::fail(Operation operation, int n, int times, int code) {
    operation_ = operation;
    until_fault_ = n;
    times_ = times;
    code_ = code;
    failed_ = false;
}

int FaultVfs::before(Operation operation) {
    if (cut_) return SQLITE_IOERR;
    ++operations_;
    if (until_cut_ > 0 && --until_cut_ == 0) {
        cut_ = true;
        return SQLITE_IOERR;
    }
    if (times_ == 0 || operation != operation_) return SQLITE_OK;
    if (until_fault_ > 1) {
        --until_fault_;
        return SQLITE_OK;
    }
    --times_;
    failed_ = true;
    return code_;
}

void FaultVfs::note_write(const std::string& path, sqlite3_file* file, std::int64_t offset,
                          std::int64_t size) {
    sqlite3_int64 end = 0;
    file->pMethods->xFileSize(file, &end);
    const auto [found, first] = unflushed_.try_emplace(path);
    if (first) found->second.size = end;
    for (std::int64_t at = offset - offset % kSector; at < offset + size; at += kSector) {
        if (found->second.sectors.contains(at)) continue;
        std::string old(static_cast<std::size_t>(std::clamp<std::int64_t>(end - at, 0, kSector)),
                        '\0');
        if (!old.empty()) file->pMethods->xRead(file, old.data(), static_cast<int>(old.size()), at);
        found->second.sectors.emplace(at, std::move(old));
    }
}

void FaultVfs::note_sync(const std::string& path) { unflushed_.erase(path); }

void FaultVfs::come_back(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (const auto& [path, unflushed] : unflushed_) {
        std::error_code ignored;
        if (path.empty() || !std::filesystem::exists(path)) continue;
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        for (const auto& [offset, old] : unflushed.sectors) {
            if (random() % 2 == 0) continue;
            std::string content = old;
            // What was appended and never reached the disk reads as zeros, if the new size did.
            content.resize(static_cast<std::size_t>(kSector), '\0');
            file.seekp(offset);
            file.write(content.data(), kSector);
        }
        file.close();
        if (random() % 2 == 0) {
            std::filesystem::resize_file(path, static_cast<std::uintmax_t>(unflushed.size),
                                         ignored);
        }
    }
    unflushed_.clear();
    cut_ = false;
    until_cut_ = 0;
}

}  // namespace racehub::store::test
