// The one translation unit that holds the non-template code of Asio's TLS streams and of Beast.
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
