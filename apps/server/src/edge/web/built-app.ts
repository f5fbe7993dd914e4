import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { z } from "zod";

/** After `path`: the uncompressed file or a compressed copy. */
export type Ending = "" | ".br" | ".gz";

export interface AppFile {
  readonly path: string;
  readonly type: string;
  readonly sizeBytes: number;
  readonly tag: string;
  /** Sizes of the compressed content in `path` with ".br" or ".gz". */
  readonly br?: number | undefined;
  readonly gz?: number | undefined;
  /** Content of a file that exists only in memory. */
  readonly held?: Readonly<Record<Ending, Uint8Array>>;
}

/** Files by URL path. Nothing else is served. */
export type BuiltApp = ReadonlyMap<string, AppFile>;

/** Page of the app, and page of the frame that displays untrusted content. */
export const appPage = "/index.html";
export const framePage = "/preview-frame.html";
/** Not served. Their heads become part of link pages and the API page. */
const takeOvers = { links: "/link-page.html", docs: "/api-docs.html" } as const;

/**
 * @param folders newest build first; of older ones, only `assets` with content hashes in their names, for open tabs
 * @throws HoldfastError failed
 */
export async function loadApp(folders: readonly string[]): Promise<BuiltApp> {
  const app = new Map<string, AppFile>();
  const [newest = "", ...earlier] = folders;
  for (const [place, file] of await readIndex(newest)) app.set(place, file);
  if (!app.has(appPage)) throw new HoldfastError("failed", `${newest} does not contain the web app. Build it again.`);
  for (const folder of earlier) {
    // Another server may have just deleted the folder.
    for (const [place, file] of await readIndex(folder).catch(() => []))
      if (place.startsWith("/assets/") && !app.has(place)) app.set(place, file);
  }
  return app;
}

/**
 * Head tags of the script that replaces a page; undefined without one. Their style applies only if scripts run, because
 * the page has its own style otherwise.
 * @throws HoldfastError failed
 */
export async function readHead(app: BuiltApp, of: keyof typeof takeOvers): Promise<string | undefined> {
  const file = app.get(takeOvers[of]);
  if (file === undefined) return undefined;
  const tags = (await readFile(file.path, "utf8")).match(linkTags) ?? [];
  return tags.map((tag) => tag.replace(/^<link rel="stylesheet"/, '$& media="(scripting: enabled)"')).join("\n");
}

const linkTags =
  /<script type="module" crossorigin src="\/assets\/[\w.-]+"><\/script>|<link rel="(?:modulepreload|stylesheet)" crossorigin href="\/assets\/[\w.-]+">/g;

/** Names in the build's index cannot leave the folder. */
const index = z.object({
  files: z.array(
    z.object({
      file: z.string().regex(/^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*\/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*$/),
      sizeBytes: z.int().nonnegative(),
      tag: z.string().regex(/^[A-Za-z0-9_-]+$/),
      br: z.int().positive().optional(),
      gz: z.int().positive().optional(),
    }),
  ),
});

async function readIndex(folder: string): Promise<[place: string, file: AppFile][]> {
  const path = join(folder, "app.json");
  try {
    const { files } = index.parse(JSON.parse(await readFile(path, "utf8")));
    return files.map(({ file, ...facts }) => [`/${file}`, { path: join(folder, file), type: typeOf(file), ...facts }]);
  } catch (error) {
    throw new HoldfastError("failed", `${path} is not the index of a build: ${toHoldfastError(error).message}`);
  }
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

function typeOf(file: string): string {
  return types[extname(file)] ?? "application/octet-stream";
}
