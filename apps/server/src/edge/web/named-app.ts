import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { serverNameDefault } from "../../base/config/server-name.ts";
import { escapeHtml } from "../../features/mail/mail-text.ts";
import { type AppFile, appPage, type BuiltApp } from "./built-app.ts";

/**
 * Writes the server's name into the page and the manifest, in memory. They get their own tags, so that browsers load
 * them after a change of the name. The service worker compares the page with the tag in its script, so the script
 * changes too, and browsers install it as a new version.
 */
export async function nameApp(app: BuiltApp, serverName: string): Promise<BuiltApp> {
  const page = app.get(appPage);
  if (serverName === serverNameDefault || page === undefined) return app;
  const named = new Map(app);
  const change = async (place: string, write: (text: string) => string): Promise<void> => {
    const file = app.get(place);
    if (file !== undefined) named.set(place, holdFile(file.type, write(await readFile(file.path, "utf8"))));
  };
  await change(appPage, (html) => namePage(html, serverName));
  await change("/manifest.webmanifest", (json) =>
    JSON.stringify({ ...(JSON.parse(json) as object), name: serverName, short_name: serverName }),
  );
  const { tag } = named.get(appPage) ?? page;
  await change("/service-worker.js", (script) => script.replaceAll(page.tag, tag));
  return named;
}

function namePage(html: string, serverName: string): string {
  const name = escapeHtml(serverName);
  return html
    .replace(`<title>${serverNameDefault}<`, () => `<title>${name}<`)
    .replace(`"application-name" content="${serverNameDefault}"`, () => `"application-name" content="${name}"`);
}

function holdFile(type: string, text: string): AppFile {
  const plain = Buffer.from(text);
  const [br, gz] = [brotliCompressSync(plain), gzipSync(plain)];
  return {
    path: "",
    type,
    sizeBytes: plain.length,
    // The service worker computes the same (`contentTag` of the build).
    tag: createHash("sha256").update(plain).digest("base64url").slice(0, 22),
    br: br.length,
    gz: gz.length,
    held: { "": plain, ".br": br, ".gz": gz },
  };
}
