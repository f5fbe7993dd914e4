import { createServer } from "vite";
import { viteConfig, webRoot } from "./vite-config.ts";

/**
 * `npm run dev -w apps/web [-- URL]`: the app from its sources, each change in the page at once, over the API of a running server
 * (http://127.0.0.1:8420 unless told). Without the policy of the real pages: what it forbids shows in the browser tests.
 */
const api = process.argv[2] ?? "http://127.0.0.1:8420";
const toApi = {
  target: api,
  changeOrigin: true,
  // What signs in takes requests of the server's own pages alone.
  headers: { origin: new URL(api).origin },
};
const server = await createServer({
  ...viteConfig(webRoot, "dist/none"),
  logLevel: "info",
  server: { host: "127.0.0.1", port: 8421, proxy: { "/api": toApi, "/s/": toApi } },
});
await server.listen();
server.printUrls();
