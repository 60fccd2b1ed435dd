// What the cutting proxy is told to do with a frame, and the judges that tests usually need.
#pragma once

#include "sdk/wire/opcode.hpp"
#include "tests/support/proxy_frame.hpp"

#include <functional>

namespace leasehold::support {

/// What becomes of one frame, and of its connection.
enum class Verdict {
    forward,
    drop,        ///< this frame never arrives
    hold,        ///< this frame and all behind it in its direction wait for release()
    cut_before,  ///< what came before is delivered, this frame is not, and both sides are closed
    cut_after,   ///< this frame is delivered, and both sides are closed
};

/// Called on the proxy's thread for each frame, four-letter words included.
using Judge = std::function<Verdict(const ProxyFrame&)>;

/// A judge that gives `verdict` to the first frame that `applies`, and forwards everything else.
[[nodiscard]] Judge first_time(std::function<bool(const ProxyFrame&)> applies, Verdict verdict);
[[nodiscard]] Judge on_request(wire::Opcode op, Verdict verdict);
[[nodiscard]] Judge on_reply(wire::Opcode op, Verdict verdict);

}  // namespace leasehold::support
