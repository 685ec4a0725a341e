#pragma once
// The operator's side of the daemon: what it says of itself, by the socket in work/, the files in the spool and the
// admin page.

#include "admin/http_server.hpp"
#include "async/blocking_pool.hpp"
#include "async/loop_latency.hpp"
#include "async/task_group.hpp"
#include "figures/disk_watch.hpp"
#include "figures/progress_marks.hpp"
#include "life/case_world.hpp"
#include "life/intake.hpp"
#include "start/api_link.hpp"
#include "status/health.hpp"
#include "status/spool_watch.hpp"
#include "status/status_files.hpp"
#include "status/status_socket.hpp"
#include "told/known_case.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kyc {

/// Loop's thread only.
class operator_desk {
  public:
    /// Opens the status socket; the admin page follows when serve() runs. All references outlive it.
    operator_desk(const boost::asio::any_io_executor& loop, case_world& world, intake& taking,
                  const async::loop_latency& latency, const progress_marks& progress, const api_link& link,
                  admin::http_access access);

    /// Begins to answer, in that group, whose tasks end by cancellation only.
    void serve(async::task_group& observers);

    /// Cases are being taken from now on.
    void running() { running_ = true; }

    /// For a reload. When nothing has changed, whoever is looking may go on.
    void change(admin::http_access access);

    /// Ends what serve() began. Join before it is destroyed.
    [[nodiscard]] async::awaitable<void> stop();

    [[nodiscard]] health_report health() const;

    /// The status document, as of now.
    [[nodiscard]] std::string status() const;

  private:
    [[nodiscard]] admin::http_offer offer() const;
    [[nodiscard]] std::string answer(std::string_view question) const;
    [[nodiscard]] known_case known(const case_question& about) const;

    case_world& world_;
    intake& taking_;
    const async::loop_latency& latency_;
    const progress_marks& progress_;
    const api_link& link_;
    bool running_ = false;
    admin::http_access access_;
    spool_watch spool_;
    disk_watch disk_;
    status_files files_;
    std::unique_ptr<status_socket> socket_; ///< none when the file system has no sockets
    async::blocking_pool pages_{1};         ///< an inbox that hangs may hold up all threads of the cases' pool
    std::unique_ptr<admin::http_server> page_;
};

} // namespace kyc
