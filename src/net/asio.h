// The Asio types of the room. Internal to net: no header that other rooms include may include this one.
//
// Concrete executors instead of any_io_executor: type erasure costs an allocation and an indirect call per
// operation.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/event_loop.h"

namespace turnout {

using Executor = boost::asio::io_context::executor_type;
using Tcp = boost::asio::ip::tcp;
using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<Tcp, Executor>;
using SteadyTimer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
using ErrorCode = boost::system::error_code;

boost::asio::io_context& IoContext(EventLoop& loop);

}  // namespace turnout
