#include "register_client.hpp"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace leasehold::chaos {

RegisterClient::RegisterClient(const std::string& address, std::string name)
    : x_name(std::move(name)) {
    const auto colon = address.rfind(':');
    x_stream.connect(address.substr(0, colon), address.substr(colon + 1));
}

Versions RegisterClient::read(const std::string& path, std::int64_t token) {
    std::ostringstream line;
    line << "read " << x_name << ' ' << path << ' ' << token;
    return ask(line.str());
}

void RegisterClient::write(const std::string& path, std::int64_t token, const Versions& read) {
    std::ostringstream line;
    line << "write " << x_name << ' ' << path << ' ' << token << ' ' << read.fenced.value_or(-1)
         << ' ' << read.unfenced;
    (void)ask(line.str());
}

Versions RegisterClient::ask(const std::string& line) {
    x_stream << line << std::endl;
    std::string fenced;
    Versions versions;
    if (!(x_stream >> fenced >> versions.unfenced)) {
        throw std::runtime_error("the registers do not answer");
    }
    if (fenced != "stale") {
        versions.fenced = std::stoll(fenced);
    }
    return versions;
}

}  // namespace leasehold::chaos
