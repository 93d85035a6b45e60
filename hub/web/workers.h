#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "hub/web/exchange.h"

namespace racehub::web {

/// A few threads that let POCO serve one request each. The front hands over only sockets that
/// already hold the whole request, and takes the answer back to send it itself: a slow peer can
/// hold up neither a worker nor the front.
class WorkerPool {
  public:
    struct Job {
        int fd = -1;  ///< stays the front's; the worker reads from it until `done`
        RequestHead head;
        Address client;
        bool secure = false;
        Reply reply;
        std::function<void()>
            done;  ///< the worker is through with the socket (the answer may come later)
    };

    /// Requests waiting for a worker; more means that we are far too slow, and 503 is the honest
    /// answer.
    static constexpr std::size_t kMaxQueued = 512;

    WorkerPool(int threads, RequestHandler handler);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// [any thread] False: the queue is full; the job is untouched.
    bool submit(Job& job);
    /// Ends the threads; jobs still waiting are dropped, and so answered by their Reply.
    void stop();

  private:
    void run();
    void serve(Job& job);

    RequestHandler handler_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Job> jobs_;   // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace racehub::web
