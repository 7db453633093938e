// HTTP/1.1 on one connection. Internal to net.
#pragma once

#include "net/asio.h"

namespace turnout {

class Listener;

// Serves the socket (non-blocking) until either side closes; the listener keeps the connection in its list.
void StartHttpConnection(Listener& listener, Socket socket);

}  // namespace turnout
