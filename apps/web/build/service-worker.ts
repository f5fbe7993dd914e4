import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { InlineConfig } from "vite";
import { contentTag, servedFiles } from "./app-index.ts";

/**
 * Builds the service worker: one script with a fixed name that contains the list of cached files. Thus each build
 * changes it, which is how browsers detect an update.
 * @param outFolder folder of the finished build
 */
export async function serviceWorkerConfig(root: string, outFolder: string): Promise<InlineConfig> {
  return {
    root,
    configFile: false,
    envDir: false,
    logLevel: "warn",
    publicDir: false,
    define: { builtShell: JSON.stringify(await shellOf(outFolder)) },
    build: {
      outDir: outFolder,
      emptyOutDir: false,
      target: "es2023",
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: resolve(root, "src/service-worker/main.ts"),
        // Not every browser supports modules in service workers.
        output: { format: "iife", entryFileNames: "service-worker.js" },
      },
    },
  };
}

async function shellOf(folder: string) {
  const manifest = JSON.parse(await readFile(join(folder, ".vite/manifest.json"), "utf8")) as Manifest;
  const served = await servedFiles(folder);
  const pages = new Map<string, ReadonlySet<string>>();
  for (const file of served.filter((name) => name.endsWith(".html")))
    pages.set(file, filesOf(manifest, await readFile(join(folder, file), "utf8")));
  const isOfOtherPage = (file: string) =>
    pages.get(page)?.has(file) !== true && [...pages.values()].some((files) => files.has(file));
  const kept = served.filter((file) => file.startsWith("assets/") && !isOfOtherPage(file));
  const tagOf = async (file: string) => contentTag(await readFile(join(folder, file)));
  const files = await Promise.all(kept.map(async (file) => [`/${file}`, await tagOf(file)] as const));
  const pageTag = await tagOf(page);
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  // A server with its own name changes the page, and replaces its tag in the script.
  return { key: `${pageTag}-${hash}`, pageTag, files };
}

const page = "index.html";

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
}

type Manifest = Readonly<Record<string, Chunk>>;

/** Follows the imports of a page's files, because the manifest does not map entries to pages. */
function filesOf(manifest: Manifest, html: string): ReadonlySet<string> {
  const names = new Set(Object.keys(manifest).filter((name) => html.includes(`/${manifest[name]?.file}"`)));
  for (const name of names) {
    const { imports = [], dynamicImports = [] } = manifest[name] ?? {};
    for (const imported of imports.concat(dynamicImports)) names.add(imported);
  }
  const chunks = [...names].flatMap((name) => manifest[name] ?? []);
  return new Set(chunks.flatMap(({ file, css = [], assets = [] }) => [file].concat(css, assets)));
}
