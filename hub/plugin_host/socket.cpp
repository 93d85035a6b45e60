#include "hub/plugin_host/socket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {

void Fd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

std::int64_t monotonic_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

bool socket_pair(Fd& one, Fd& other) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return false;
    }
    one.reset(ends[0]);
    other.reset(ends[1]);
    return true;
}

Sent send_datagram(int socket, std::string_view bytes, int file) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (file >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &file, sizeof(int));
    }
    for (;;) {
        if (::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Sent::ok;
        if (errno == EINTR) continue;
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
        return full ? Sent::full : Sent::gone;
    }
}

Received receive_datagram(int socket, char* buffer, std::size_t& size, Fd* file) {
    iovec part{buffer, kMaxMessageBytes + 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (file) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
    }
    for (;;) {
        const ssize_t got =
            ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
        if (got > 0) {
            size = static_cast<std::size_t>(got);
            break;
        }
        if (got == 0) return Received::end;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? Received::nothing : Received::end;
    }
    for (cmsghdr* header = file ? CMSG_FIRSTHDR(&message) : nullptr; header;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int received = -1;
        std::memcpy(&received, CMSG_DATA(header), sizeof(int));
        file->reset(received);
    }
    return Received::message;
}

Fd text_in_file(std::string_view text) {
    Fd file(::memfd_create("racehub-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    while (file && !text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return Fd();
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (file)
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return file;
}

bool text_from_file(int file, std::size_t size, std::string& text) {
    if (size > kMaxSnapshotBytes) return false;
    text.resize(size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got =
            ::pread(file, text.data() + done, size - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace racehub::plugin_host
