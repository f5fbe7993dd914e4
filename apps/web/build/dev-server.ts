import { createServer } from "vite";
import { viteConfig, webRoot } from "./vite-config.ts";

/**
 * `npm run dev -w apps/web [-- URL]`: serves the sources with hot reload over the API of a running server (default
 * http://127.0.0.1:8420). The pages lack the Content-Security-Policy, which the browser tests check.
 */
const api = process.argv[2] ?? "http://127.0.0.1:8420";
const toApi = {
  target: api,
  changeOrigin: true,
  // Sign-in routes reject requests whose origin is not the server's own.
  headers: { origin: new URL(api).origin },
};
const server = await createServer({
  ...viteConfig(webRoot, "dist/none"),
  logLevel: "info",
  server: { host: "127.0.0.1", port: 8421, proxy: { "/api": toApi, "/s/": toApi } },
});
await server.listen();
server.printUrls();
