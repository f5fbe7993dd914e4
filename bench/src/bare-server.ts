/**
 * Minimal Node server that holds requests, with which `held-polls.ts` compares memory. Reports its port once it
 * listens, and the number of held requests on demand.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

let held = 0;
const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.url?.includes("/poll") !== true) {
    response.end("{}");
    return;
  }
  held += 1;
  response.on("close", () => (held -= 1));
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("message", () => process.send?.({ held }));
process.on("disconnect", () => process.exit());
