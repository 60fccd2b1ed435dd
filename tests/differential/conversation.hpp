// Holds the conversation of a script with one server, and writes down what that says.
#pragma once

#include "sdk/wire/frame.hpp"
#include "tests/differential/script.hpp"
#include "tests/differential/transcript.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::differential {

/// How bytes reach a server and come back.
class Transport {
public:
    using Connection = std::size_t;

    virtual ~Transport() = default;
    [[nodiscard]] virtual Connection connect() = 0;
    virtual void send(Connection connection, std::string_view bytes) = 0;
    /// The next bytes, waited for; empty when the server has closed the connection. Throws if
    /// nothing comes.
    [[nodiscard]] virtual std::string receive(Connection connection) = 0;
    virtual void hang_up(Connection connection) = 0;
};

/// One session on one connection.
class Speaker {
public:
    Speaker(Transport& transport, std::string name);
    ~Speaker();
    Speaker(const Speaker&) = delete;
    Speaker& operator=(const Speaker&) = delete;

    /// Opens a session, or attaches the one that it has, unless it is attached.
    void attach(Transcript& transcript, std::vector<std::string>& lines);
    void send(const std::vector<Request>& requests, std::int64_t base_zxid);
    /// Reads until everything sent is answered, or the connection is closed.
    void listen(const Transcript& transcript, std::vector<std::string>& lines);
    void leave();
    void say_bye(const Transcript& transcript, std::vector<std::string>& lines);
    /// The server is expected to close the connection by itself.
    void wait_for_the_end();

    [[nodiscard]] bool is_attached() const { return x_connection.has_value(); }
    [[nodiscard]] std::int64_t session() const { return x_session; }
    /// Of the last reply.
    [[nodiscard]] std::int64_t last_zxid() const { return x_last_zxid; }

private:
    /// Nothing at the end of the connection.
    [[nodiscard]] std::optional<std::string> next_frame();
    void hang_up();

    Transport& x_transport;
    const std::string x_name;
    std::optional<Transport::Connection> x_connection;
    wire::FrameSplitter x_splitter;
    std::int64_t x_session = 0;
    std::string x_password;
    std::int32_t x_xid = 0;
    std::int64_t x_last_zxid = 0;
    std::deque<std::pair<std::int32_t, wire::Opcode>> x_unanswered;
};

/// Leaves the server as it found it.
class Conversation {
public:
    explicit Conversation(Transport& transport);

    /// What each client was told, line by line.
    [[nodiscard]] std::vector<std::string> run(const Script& script);

private:
    void ask(Request request);
    void remove_all(const std::string& path);
    void intrude(Speaker& victim, const Transcript& transcript, std::vector<std::string>& lines);

    Transport& x_transport;
    Transcript x_no_names{0};
    std::vector<std::string> x_ignored;
    Speaker x_keeper;
};

}  // namespace leasehold::differential
