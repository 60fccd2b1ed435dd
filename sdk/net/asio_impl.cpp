// The one place where Asio's function bodies are compiled, so that no other file pays for them.

#include <boost/asio/impl/src.hpp>
