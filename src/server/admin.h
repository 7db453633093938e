// Admin: the verbs that change what is served, as REST on a listener of their own.
//
//   GET /endpoints/{name}/traffic_split      {"endpoint":"churn","generation":3,"shares":{"v1":80,"v2":20}}
//   PUT /endpoints/{name}/traffic_split      {"v1":80,"v2":20}: percent that sum to 100; the answer is as
//   GET's
//     If-Match: 3                            409 if the route has another generation by now
//   GET /endpoints/{name}/route?key=C-1042   {"key":"C-1042","bucket":31415,"version":"v2","generation":3}
//
// Errors: {"detail":"..."}. Who may reach the listener may do all of it: keep it on a private address.
#pragma once

#include "net/http_server.h"
#include "server/routes.h"

namespace turnout {

// One handler for each loop of the admin listener; `routes` outlives the server.
HttpServer::HandlerFactory AdminHandlers(Routes& routes);

}  // namespace turnout
