// Admin: the verbs that change what is served, as REST on a listener of their own.
//
//   GET  /endpoints/{name}/traffic_split    {"endpoint":"churn","generation":3,"shares":{"v1":80,"v2":20}}
//   PUT  /endpoints/{name}/traffic_split    {"v1":80,"v2":20}: percent that sum to 100; the answer is as
//   GET's GET  /endpoints/{name}/route?key=C-1042
//   {"key":"C-1042","bucket":31415,"version":"v2","generation":3} GET  /endpoints/{name}/rollout          the
//   endpoint's status (control/status.h) GET  /endpoints/{name}/rollout/history  the rollouts that ended POST
//   /endpoints/{name}/rollout/plan     what apply would do, with apply's body POST
//   /endpoints/{name}/rollout/apply    {"version":"v2","model":"/models/v2.pkl","strategy":{"steps":"fast"}}
//   POST /endpoints/{name}/rollout/{verb}   pause resume promote promote_full abort rollback retry freeze
//   unfreeze
//
// A verb's body may have {"reason":"..."}. Header fields: `If-Match` (the ETag of the GET: the route's
// generation, the endpoint's revision; 409 if it is another by now), `Idempotency-Key` (the same verb under
// the same key is done once), `X-Turnout-Actor` (who asks; written into the audit log, proven by nothing).
//
// Errors: {"detail":"..."}. Who may reach the listener may do all of it: keep it on a private address.
#pragma once

#include "control/controller.h"
#include "net/http_server.h"

namespace turnout {

// One handler for each loop of the admin listener; `controller` outlives the server.
HttpServer::HandlerFactory AdminHandlers(Controller& controller);

}  // namespace turnout
