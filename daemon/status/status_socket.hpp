#pragma once
// What the running daemon tells the commands, through a socket in work/: also when every disk is full.

#include "async/task_group.hpp"
#include "core/result.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace kyc {

/// Gives each connection one document and closes it. A client may send a line that says what it asks, and then shuts
/// down its writing side; one that sends nothing waits a little longer for the same. Loop's thread only.
class status_socket {
  public:
    /// Called for each connection with what the client sent, without the line's end: empty, or whatever strangers
    /// write. May not throw.
    using document = std::function<std::string(std::string_view question)>;

    /// Makes work/.control, which only its owner may connect to, in place of one that a killed daemon left: the caller
    /// holds the spool's lock. A fault leaves nothing behind; the daemon can do without it.
    [[nodiscard]] static result<std::unique_ptr<status_socket>> open(const boost::asio::any_io_executor& loop,
                                                                     const std::filesystem::path& work, document text);

    status_socket(const status_socket&) = delete;
    status_socket& operator=(const status_socket&) = delete;
    ~status_socket();

    /// Answers until it is cancelled. A client that does not read is hung up on after a while, and only a few are
    /// served at a time: the others wait, and nobody's silence is waited out meanwhile.
    [[nodiscard]] async::awaitable<void> serve();

    /// Ends what serve() began. Join before it is destroyed.
    [[nodiscard]] async::awaitable<void> stop();

  private:
    using protocol = boost::asio::local::stream_protocol;

    status_socket(const boost::asio::any_io_executor& loop, std::filesystem::path path, document text);
    [[nodiscard]] async::awaitable<void> answer(protocol::socket peer);
    [[nodiscard]] async::awaitable<std::string> question_of(std::shared_ptr<protocol::socket> peer);

    std::filesystem::path path_;
    document text_;
    protocol::acceptor acceptor_;
    std::set<protocol::socket*> silent_; ///< clients that may still ask something
    async::task_group answers_;
};

/// The name of the socket in work/.
inline constexpr const char* status_socket_name = ".control";

/// What the daemon of this spool says, for the commands, when it is asked with that line (known_case.hpp); without one
/// the status document, as to a question that it does not understand. Blocks for `patience` at most. The error is a
/// fault: nobody listens (ECONNREFUSED, ENOENT), no permission, no answer in time (ETIMEDOUT).
[[nodiscard]] result<std::string> read_status(const std::filesystem::path& work, std::chrono::milliseconds patience,
                                              const std::string& question = {});

} // namespace kyc
