#pragma once
// What the running daemon tells the commands, through a socket in work/: also when every disk is full.

#include "async/task_group.hpp"
#include "core/result.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace kyc {

/// Gives each connection one document and closes it. Loop's thread only.
class status_socket {
  public:
    /// Called for each connection; may not throw.
    using document = std::function<std::string()>;

    /// Makes work/.control, which only its owner may connect to, in place of one that a killed daemon left: the caller
    /// holds the spool's lock. A fault leaves nothing behind; the daemon can do without it.
    [[nodiscard]] static result<std::unique_ptr<status_socket>> open(const boost::asio::any_io_executor& loop,
                                                                     const std::filesystem::path& work, document text);

    status_socket(const status_socket&) = delete;
    status_socket& operator=(const status_socket&) = delete;
    ~status_socket();

    /// Answers until it is cancelled. A client that does not read is hung up on after a while, and only a few are
    /// served at a time.
    [[nodiscard]] async::awaitable<void> serve();

    /// Ends what serve() began. Join before it is destroyed.
    [[nodiscard]] async::awaitable<void> stop();

  private:
    using protocol = boost::asio::local::stream_protocol;

    status_socket(const boost::asio::any_io_executor& loop, std::filesystem::path path, document text);
    [[nodiscard]] async::awaitable<void> answer(protocol::socket peer);

    std::filesystem::path path_;
    document text_;
    protocol::acceptor acceptor_;
    async::task_group answers_;
};

/// The name of the socket in work/.
inline constexpr const char* status_socket_name = ".control";

/// What the daemon of this spool says, for the commands. Blocks for `patience` at most. The error is a fault: nobody
/// listens (ECONNREFUSED, ENOENT), no permission, no answer in time (ETIMEDOUT).
[[nodiscard]] result<std::string> read_status(const std::filesystem::path& work, std::chrono::milliseconds patience);

} // namespace kyc
