/** Routes whose handlers answer with one text and need nothing else of their connection: what managers ask all the time. */
export const LEAN_ROUTES: ReadonlySet<string> = new Set([
  "GET /_ping",
  "GET /info",
  "GET /version",
  "GET /containers/json",
  "GET /containers/:id/json",
  "POST /containers/create",
  "POST /containers/:id/start",
  "POST /containers/:id/stop",
  "POST /containers/:id/kill",
  "POST /containers/:id/exec",
  "DELETE /containers/:id",
  "GET /exec/:id/json",
  "GET /images/json",
  "GET /images/*name/json",
  "GET /networks",
  "GET /volumes",
]);
