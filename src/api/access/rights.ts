import type { Role } from "./policy.ts";

/**
 * What a request needs. `open`: nothing but a connection; `view`: reading what the manager and the engines know; `operate`: keeping what exists
 * running; `run`: running code of one's own, or reading and writing what is inside containers and images; `admin`: the hosts themselves.
 */
export type Right = "open" | "view" | "operate" | "run" | "admin";

/** What of it the role `own` gets, see `own/narrow.ts`; `no`: nothing. */
export type Narrowing =
  | "no"
  | "as-is"
  | "filtered"
  | "container-list"
  | "container"
  | "container-start"
  | "container-update"
  | "exec-create"
  | "exec"
  | "create"
  | "network"
  | "network-create"
  | "network-endpoint"
  | "volume"
  | "volume-create";

export type Row = readonly [right: Right, own: Narrowing];

/**
 * The rights table: what each route needs, by method and path as in the route tables. A route that is missing here is for the role `admin` alone;
 * a test sees to it that none is.
 */
// prettier-ignore
export const RIGHTS: Readonly<Record<string, Row>> = {
  "GET /_ping":                                     ["open",    "as-is"],
  "HEAD /_ping":                                    ["open",    "as-is"],
  "GET /version":                                   ["open",    "as-is"],
  "GET /info":                                      ["view",    "as-is"],
  "GET /system/df":                                 ["view",    "no"],
  "GET /events":                                    ["view",    "filtered"],
  "POST /auth":                                     ["operate", "as-is"],            // makes an engine call a host the client names

  "GET /containers/json":                           ["view",    "container-list"],
  "GET /containers/ps":                             ["view",    "container-list"],
  "POST /containers/create":                        ["run",     "create"],
  "POST /containers/prune":                         ["operate", "filtered"],
  "GET /containers/*name/json":                     ["view",    "container"],
  "GET /containers/*name/top":                      ["view",    "container"],
  "GET /containers/*name/logs":                     ["view",    "container"],
  "GET /containers/*name/changes":                  ["view",    "container"],
  "GET /containers/*name/export":                   ["run",     "container"],
  "GET /containers/*name/stats":                    ["view",    "container"],
  "POST /containers/*name/resize":                  ["operate", "container"],
  "POST /containers/*name/start":                   ["operate", "container-start"],  // but see ESCALATIONS
  "POST /containers/*name/stop":                    ["operate", "container"],
  "POST /containers/*name/restart":                 ["operate", "container-start"],
  "POST /containers/*name/kill":                    ["operate", "container"],
  "POST /containers/*name/update":                  ["operate", "container-update"],
  "POST /containers/*name/rename":                  ["operate", "container"],
  "POST /containers/*name/pause":                   ["operate", "container"],
  "POST /containers/*name/unpause":                 ["operate", "container"],
  "POST /containers/*name/wait":                    ["operate", "container"],
  "POST /containers/*name/attach":                  ["run",     "container"],
  "GET /containers/*name/attach/ws":                ["run",     "container"],
  "HEAD /containers/*name/archive":                 ["run",     "container"],
  "GET /containers/*name/archive":                  ["run",     "container"],
  "PUT /containers/*name/archive":                  ["run",     "container"],
  "POST /containers/*name/copy":                    ["run",     "container"],
  "GET /containers/*name/checkpoints":              ["admin",   "no"],               // `dir` is a folder of the host
  "POST /containers/*name/checkpoints":             ["admin",   "no"],
  "DELETE /containers/*name/checkpoints/*checkpoint": ["admin", "no"],
  "DELETE /containers/*name":                       ["operate", "container"],
  "POST /commit":                                   ["run",     "no"],

  "POST /containers/*name/exec":                    ["run",     "exec-create"],
  "POST /exec/:id/start":                           ["run",     "exec"],
  "POST /exec/:id/resize":                          ["run",     "exec"],
  "GET /exec/:id/json":                             ["view",    "exec"],

  "GET /images/json":                               ["view",    "as-is"],
  "GET /images/viz":                                ["view",    "as-is"],
  "GET /images/search":                             ["operate", "as-is"],            // as /auth
  "GET /images/get":                                ["run",     "no"],
  "GET /images/*name/get":                          ["run",     "no"],
  "GET /images/*name/json":                         ["view",    "as-is"],
  "GET /images/*name/history":                      ["view",    "as-is"],
  "POST /images/create":                            ["operate", "as-is"],            // a pull; but see ESCALATIONS
  "POST /images/load":                              ["run",     "no"],
  "POST /images/prune":                             ["operate", "no"],
  "POST /images/*name/push":                        ["run",     "no"],
  "POST /images/*name/tag":                         ["run",     "no"],               // decides what code a name stands for
  "DELETE /images/*name":                           ["operate", "no"],
  "GET /distribution/*name/json":                   ["operate", "as-is"],            // as /auth

  "GET /networks":                                  ["view",    "filtered"],
  "GET /networks/*name":                            ["view",    "network"],
  "POST /networks/create":                          ["run",     "network-create"],
  "POST /networks/prune":                           ["operate", "filtered"],
  "POST /networks/*name/connect":                   ["operate", "network-endpoint"],
  "POST /networks/*name/disconnect":                ["operate", "network-endpoint"],
  "DELETE /networks/*name":                         ["operate", "network"],

  "GET /volumes":                                   ["view",    "filtered"],
  "GET /volumes/*name":                             ["view",    "volume"],
  "POST /volumes/create":                           ["run",     "volume-create"],
  "POST /volumes/prune":                            ["operate", "filtered"],
  "PUT /volumes/*name":                             ["run",     "no"],
  "DELETE /volumes/*name":                          ["operate", "volume"],

  "POST /build":                                    ["run",     "no"],
  "POST /build/cancel":                             ["operate", "no"],
  "POST /build/prune":                              ["operate", "no"],
  "POST /session":                                  ["run",     "no"],
  "POST /grpc":                                     ["run",     "no"],

  "GET /plugins":                                   ["view",    "no"],
  "GET /plugins/privileges":                        ["admin",   "no"],
  "GET /plugins/*name/json":                        ["view",    "no"],
  "POST /plugins/pull":                             ["admin",   "no"],
  "POST /plugins/create":                           ["admin",   "no"],
  "POST /plugins/*name/enable":                     ["admin",   "no"],
  "POST /plugins/*name/disable":                    ["admin",   "no"],
  "POST /plugins/*name/set":                        ["admin",   "no"],
  "POST /plugins/*name/upgrade":                    ["admin",   "no"],
  "POST /plugins/*name/push":                       ["admin",   "no"],
  "DELETE /plugins/*name":                          ["admin",   "no"],

  // The manager's own (docs/operator-api.md).
  "GET /cluster/leader":                            ["view",    "no"],
  "GET /cluster/nodes":                             ["view",    "no"],
  "GET /cluster/nodes/:node":                       ["view",    "no"],
  "POST /cluster/nodes/:node/update":               ["admin",   "no"],
  "GET /cluster/reschedules":                       ["view",    "no"],
  "POST /cluster/reschedules/:id/retry":            ["operate", "no"],
  "GET /cluster/rebalance":                         ["view",    "no"],
  "POST /cluster/rebalance":                        ["admin",   "no"],

  // Swarm mode's, which all answer 503; the docker command line asks some of them when it looks for a name.
  "POST /swarm/init":                               ["admin",   "no"],
  "POST /swarm/join":                               ["admin",   "no"],
  "POST /swarm/unlock":                             ["admin",   "no"],
  "POST /swarm/leave":                              ["admin",   "no"],
  "GET /swarm":                                     ["view",    "as-is"],
  "GET /swarm/*rest":                               ["view",    "as-is"],
  "POST /swarm":                                    ["admin",   "no"],
  "POST /swarm/*rest":                              ["admin",   "no"],
  "DELETE /swarm":                                  ["admin",   "no"],
  "DELETE /swarm/*rest":                            ["admin",   "no"],
  "GET /nodes":                                     ["view",    "as-is"],
  "GET /nodes/*rest":                               ["view",    "as-is"],
  "POST /nodes":                                    ["admin",   "no"],
  "POST /nodes/*rest":                              ["admin",   "no"],
  "DELETE /nodes":                                  ["admin",   "no"],
  "DELETE /nodes/*rest":                            ["admin",   "no"],
  "GET /services":                                  ["view",    "as-is"],
  "GET /services/*rest":                            ["view",    "as-is"],
  "POST /services":                                 ["admin",   "no"],
  "POST /services/*rest":                           ["admin",   "no"],
  "DELETE /services":                               ["admin",   "no"],
  "DELETE /services/*rest":                         ["admin",   "no"],
  "GET /tasks":                                     ["view",    "as-is"],
  "GET /tasks/*rest":                               ["view",    "as-is"],
  "POST /tasks":                                    ["admin",   "no"],
  "POST /tasks/*rest":                              ["admin",   "no"],
  "DELETE /tasks":                                  ["admin",   "no"],
  "DELETE /tasks/*rest":                            ["admin",   "no"],
  "GET /secrets":                                   ["view",    "as-is"],
  "GET /secrets/*rest":                             ["view",    "as-is"],
  "POST /secrets":                                  ["admin",   "no"],
  "POST /secrets/*rest":                            ["admin",   "no"],
  "DELETE /secrets":                                ["admin",   "no"],
  "DELETE /secrets/*rest":                          ["admin",   "no"],
  "GET /configs":                                   ["view",    "as-is"],
  "GET /configs/*rest":                             ["view",    "as-is"],
  "POST /configs":                                  ["admin",   "no"],
  "POST /configs/*rest":                            ["admin",   "no"],
  "DELETE /configs":                                ["admin",   "no"],
  "DELETE /configs/*rest":                          ["admin",   "no"],
};

/** Routes of which some queries need more than their row says: the answer is that, or undefined. */
export const ESCALATIONS: Readonly<Record<string, (query: URLSearchParams) => Right | undefined>> = {
  // An import makes an image of any archive. A pull is what has `fromImage` in its query, as `createImage` reads it.
  "POST /images/create": (query) => ((query.get("fromImage") ?? "") === "" ? "run" : undefined),
  // The folder of a checkpoint is the host's. To engines built with Go before 1.17 a semicolon begins another parameter, too.
  "POST /containers/*name/start": (query) =>
    [...query].some(([name, value]) => /(^|;)checkpoint(-dir)?=/.test(`${name}=${value}=`))
      ? "admin"
      : undefined,
};

/** The rights of each role but `own`, which has what the table's last column says. */
export const ROLE_RIGHTS: Readonly<Record<Exclude<Role, "own">, ReadonlySet<Right>>> = {
  none: new Set(["open"]),
  "read-only": new Set(["open", "view"]),
  operator: new Set(["open", "view", "operate"]),
  /** On its own account; what it relays is judged by whom it relays for. */
  manager: new Set(["open"]),
  admin: new Set(["open", "view", "operate", "run", "admin"]),
};
