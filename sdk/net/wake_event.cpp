#include "sdk/net/wake_event.hpp"

#include <boost/asio/buffer.hpp>

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leasehold::net {

WakeEvent::WakeEvent() : x_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (x_descriptor < 0) {
        throw std::system_error(errno, std::system_category(), "eventfd");
    }
}

WakeEvent::~WakeEvent() {
    ::close(x_descriptor);
}

void WakeEvent::set() const noexcept {
    // It fails only when the count is at its end; then the event is set already.
    static_cast<void>(::eventfd_write(x_descriptor, 1));
}

WakeListener::WakeListener(boost::asio::io_context& io, std::shared_ptr<const WakeEvent> event,
                           std::function<void()> on_woken)
    : x_event(std::move(event)),
      x_descriptor(io, x_event->descriptor()),
      x_on_woken(std::move(on_woken)) {
    wait();
}

WakeListener::~WakeListener() {
    x_descriptor.release();  // it is closed with the event
}

void WakeListener::wait() {
    x_descriptor.async_read_some(boost::asio::buffer(&x_count, sizeof x_count),
                                 [this](boost::system::error_code error, std::size_t) {
                                     if (error) {
                                         return;  // gone: there is no other reason
                                     }
                                     x_on_woken();
                                     wait();
                                 });
}

}  // namespace leasehold::net
