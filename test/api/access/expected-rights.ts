/**
 * Who may call which route, written down a second time and by hand: `n`one, `r`ead-only, `o`perator, o`w`n; `-` may not. Admins may everything. In
 * the second column stands what the role `own` is narrowed to.
 */
// prettier-ignore
export const EXPECTED: Readonly<Record<string, readonly [roles: string, own: string]>> = {
  // Everybody who got in.
  "GET /_ping":                                  ["nrow", "as-is"],
  "HEAD /_ping":                                 ["nrow", "as-is"],
  "GET /version":                                ["nrow", "as-is"],

  // Reading what is the whole cluster's.
  "GET /info":                                   ["-row", "as-is"],
  "GET /images/json":                            ["-row", "as-is"],
  "GET /images/viz":                             ["-row", "as-is"],
  "GET /images/*name/json":                      ["-row", "as-is"],
  "GET /images/*name/history":                   ["-row", "as-is"],
  "GET /system/df":                              ["-ro-", "no"],
  "GET /plugins":                                ["-ro-", "no"],
  "GET /plugins/*name/json":                     ["-ro-", "no"],

  // Reading what may be the client's own.
  "GET /events":                                 ["-row", "filtered"],
  "GET /containers/json":                        ["-row", "container-list"],
  "GET /containers/ps":                          ["-row", "container-list"],
  "GET /containers/*name/json":                  ["-row", "container"],
  "GET /containers/*name/top":                   ["-row", "container"],
  "GET /containers/*name/logs":                  ["-row", "container"],
  "GET /containers/*name/changes":               ["-row", "container"],
  "GET /containers/*name/stats":                 ["-row", "container"],
  "GET /exec/:id/json":                          ["-row", "exec"],
  "GET /networks":                               ["-row", "filtered"],
  "GET /networks/*name":                         ["-row", "network"],
  "GET /volumes":                                ["-row", "filtered"],
  "GET /volumes/*name":                          ["-row", "volume"],

  // Keeping what runs running.
  "POST /containers/*name/resize":               ["--ow", "container"],
  "POST /containers/*name/start":                ["--ow", "container-start"],
  "POST /containers/*name/stop":                 ["--ow", "container"],
  "POST /containers/*name/restart":              ["--ow", "container-start"],
  "POST /containers/*name/kill":                 ["--ow", "container"],
  "POST /containers/*name/update":               ["--ow", "container-update"],
  "POST /containers/*name/rename":               ["--ow", "container"],
  "POST /containers/*name/pause":                ["--ow", "container"],
  "POST /containers/*name/unpause":              ["--ow", "container"],
  "POST /containers/*name/wait":                 ["--ow", "container"],
  "DELETE /containers/*name":                    ["--ow", "container"],
  "POST /containers/prune":                      ["--ow", "filtered"],
  "POST /networks/*name/connect":                ["--ow", "network-endpoint"],
  "POST /networks/*name/disconnect":             ["--ow", "network-endpoint"],
  "DELETE /networks/*name":                      ["--ow", "network"],
  "POST /networks/prune":                        ["--ow", "filtered"],
  "DELETE /volumes/*name":                       ["--ow", "volume"],
  "POST /volumes/prune":                         ["--ow", "filtered"],
  "POST /auth":                                  ["--ow", "as-is"],
  "GET /images/search":                          ["--ow", "as-is"],
  "GET /distribution/*name/json":                ["--ow", "as-is"],
  "POST /images/create":                         ["--ow", "as-is"],
  "DELETE /images/*name":                        ["--o-", "no"],
  "POST /images/prune":                          ["--o-", "no"],
  "POST /build/cancel":                          ["--o-", "no"],
  "POST /build/prune":                           ["--o-", "no"],

  // Running code, and what is inside.
  "POST /containers/create":                     ["---w", "create"],
  "POST /containers/*name/exec":                 ["---w", "exec-create"],
  "POST /exec/:id/start":                        ["---w", "exec"],
  "POST /exec/:id/resize":                       ["---w", "exec"],
  "POST /containers/*name/attach":               ["---w", "container"],
  "GET /containers/*name/attach/ws":             ["---w", "container"],
  "GET /containers/*name/export":                ["---w", "container"],
  "HEAD /containers/*name/archive":              ["---w", "container"],
  "GET /containers/*name/archive":               ["---w", "container"],
  "PUT /containers/*name/archive":               ["---w", "container"],
  "POST /containers/*name/copy":                 ["---w", "container"],
  "POST /networks/create":                       ["---w", "network-create"],
  "POST /volumes/create":                        ["---w", "volume-create"],
  "POST /commit":                                ["----", "no"],
  "GET /images/get":                             ["----", "no"],
  "GET /images/*name/get":                       ["----", "no"],
  "POST /images/load":                           ["----", "no"],
  "POST /images/*name/push":                     ["----", "no"],
  "POST /images/*name/tag":                      ["----", "no"],
  "POST /build":                                 ["----", "no"],
  "POST /session":                               ["----", "no"],
  "POST /grpc":                                  ["----", "no"],
  "PUT /volumes/*name":                          ["----", "no"],

  // The hosts.
  "GET /containers/*name/checkpoints":           ["----", "no"],
  "POST /containers/*name/checkpoints":          ["----", "no"],
  "DELETE /containers/*name/checkpoints/*checkpoint": ["----", "no"],
  "GET /plugins/privileges":                     ["----", "no"],
  "POST /plugins/pull":                          ["----", "no"],
  "POST /plugins/create":                        ["----", "no"],
  "POST /plugins/*name/enable":                  ["----", "no"],
  "POST /plugins/*name/disable":                 ["----", "no"],
  "POST /plugins/*name/set":                     ["----", "no"],
  "POST /plugins/*name/upgrade":                 ["----", "no"],
  "POST /plugins/*name/push":                    ["----", "no"],
  "DELETE /plugins/*name":                       ["----", "no"],

  // The manager's own.
  "GET /cluster/leader":                         ["-ro-", "no"],
  "GET /cluster/nodes":                          ["-ro-", "no"],
  "GET /cluster/nodes/:node":                    ["-ro-", "no"],
  "GET /cluster/reschedules":                    ["-ro-", "no"],
  "GET /cluster/rebalance":                      ["-ro-", "no"],
  "POST /cluster/reschedules/:id/retry":         ["--o-", "no"],
  "POST /cluster/nodes/:node/update":            ["----", "no"],
  "POST /cluster/rebalance":                     ["----", "no"],
  ...swarmMode(),
};

function swarmMode(): Readonly<Record<string, readonly [roles: string, own: string]>> {
  const rows: Record<string, readonly [string, string]> = {};
  for (const what of ["init", "join", "unlock", "leave"]) rows[`POST /swarm/${what}`] = ["----", "no"];
  for (const tag of ["swarm", "nodes", "services", "tasks", "secrets", "configs"]) {
    for (const path of [`/${tag}`, `/${tag}/*rest`]) {
      rows[`GET ${path}`] = ["-row", "as-is"];
      rows[`POST ${path}`] = ["----", "no"];
      rows[`DELETE ${path}`] = ["----", "no"];
    }
  }
  return rows;
}

/** Of the rows that only admins have, and no other role, those that are about the hosts themselves; the plugins' and swarm mode's changes are, too. */
export const FOR_ADMINS_ALONE: ReadonlySet<string> = new Set([
  "GET /containers/*name/checkpoints",
  "POST /containers/*name/checkpoints",
  "DELETE /containers/*name/checkpoints/*checkpoint",
  "GET /plugins/privileges",
  "POST /cluster/nodes/:node/update",
  "POST /cluster/rebalance",
]);
