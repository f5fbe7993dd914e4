import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { test } from "node:test";
import { linkManifestName, linkModuleSizesName } from "./link-page-config.ts";
import { moduleSizesName } from "./module-sizes.ts";
import { prepareApp } from "./prepare-app.ts";
import { webRoot } from "./vite-config.ts";

/** Compressed size of the scripts that load before the first list appears. */
const firstScriptBytesMax = 150 * 1024;
const requestsMax = 12;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

/** Modules that the first list needs but the HTML page does not reference, if they are separate chunks. */
const pages = {
  "index.html": ["src/main.tsx", "src/messages/en.ts"],
  "link-page.html": ["src/link-page/link-place.tsx", "src/messages/en.ts", "src/messages/en/link.ts"],
} as const;

async function readBuild(page: string) {
  const [folder = ""] = await prepareApp({ building: () => {}, signal: new AbortController().signal });
  const read = <Shape>(name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Shape;
  const isLink = page === "link-page.html";
  const manifest = read<Record<string, Chunk>>(isLink ? linkManifestName : ".vite/manifest.json");
  const nameOf = new Map(Object.entries(manifest).map(([name, { file }]) => [file, name]));
  const loaded = readFileSync(join(folder, page), "utf8").matchAll(/"\/(assets\/[^"]+\.js)"/g);
  return {
    manifest,
    files: read<{ files: { file: string; sizeBytes: number; br?: number }[] }>("app.json").files,
    modules: read<Record<string, [id: string, sizeCharacters: number][]>>(
      isLink ? linkModuleSizesName : moduleSizesName,
    ),
    loaded: [...loaded].map(([, file]) => nameOf.get(file ?? "") ?? ""),
  };
}

for (const [page, laterNeeded] of Object.entries(pages)) {
  test(`the first-load scripts of ${page} stay within their budget`, async () => {
    const { manifest, files, modules, loaded } = await readBuild(page);
    const needed = new Set([...loaded, ...laterNeeded.filter((name) => manifest[name] !== undefined)]);
    for (const name of needed) for (const imported of manifest[name]?.imports ?? []) needed.add(imported);
    const scripts = [...needed].map((name) => {
      const file = manifest[name]?.file;
      assert.ok(file !== undefined, `the build has no ${name}: change what this test takes for the first list`);
      const indexed = files.find((each) => each.file === file);
      return { file, sizeBytes: indexed?.br ?? indexed?.sizeBytes ?? 0 };
    });
    const totalBytes = scripts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const largest = scripts
      .flatMap(({ file }) => modules[file] ?? [])
      .toSorted(([, left], [, right]) => right - left)
      .slice(0, 20)
      .map(([id, sizeCharacters]) => `${sizeCharacters} ${relative(join(webRoot, "../.."), id)}`);
    const list = scripts.map(({ file, sizeBytes }) => `${sizeBytes} ${basename(file)}`).join("\n");
    assert.ok(
      totalBytes <= firstScriptBytesMax,
      `${totalBytes} bytes of script, and there may be ${firstScriptBytesMax}. Load later what the first list does not need.\n${list}\nThe largest modules, in characters before they are packed:\n${largest.join("\n")}`,
    );
    assert.ok(scripts.length <= requestsMax, `${scripts.length} scripts, and there may be ${requestsMax}:\n${list}`);
  });
}

async function everLoadedBy(page: string): Promise<string[]> {
  const { manifest, modules, loaded } = await readBuild(page);
  const reached = new Set(loaded);
  for (const name of reached) {
    const { imports = [], dynamicImports = [] } = manifest[name] ?? {};
    for (const imported of [...imports, ...dynamicImports]) reached.add(imported);
  }
  const sources = join(webRoot, "src/");
  return [...reached]
    .flatMap((name) => modules[manifest[name]?.file ?? ""] ?? [])
    .flatMap(([id]) => (id.startsWith(sources) ? id.slice(sources.length) : []));
}

test("the link page never loads account session code, and the app never loads link page code", async () => {
  const ofLinks = await everLoadedBy("link-page.html");
  const ofApp = await everLoadedBy("index.html");
  for (const file of ["begin.ts", "data/session.ts", "data/account-drive.ts", "routes/router.tsx"]) {
    assert.ok(ofApp.includes(file), `the app has ${file}`);
    assert.ok(!ofLinks.includes(file), `the page of a link has ${file}`);
  }
  assert.ok(ofLinks.includes("link-page/main.tsx"));
  assert.deepEqual(
    ofApp.filter((file) => file.startsWith("link-page/")),
    [],
  );
});

test("the preview frame loads no source of the app, now or later", async () => {
  const [folder = ""] = await prepareApp({ building: () => {}, signal: new AbortController().signal });
  const read = <Shape>(name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Shape;
  const manifest = read<Record<string, Chunk>>(".vite/manifest.json");
  const modules = read<Record<string, [id: string][]>>(moduleSizesName);
  const reached = new Set(["preview-frame.html"]);
  for (const name of reached) {
    const { imports = [], dynamicImports = [] } = manifest[name] ?? {};
    for (const imported of [...imports, ...dynamicImports]) reached.add(imported);
  }
  assert.ok(reached.size > 1);
  const loaded = [...reached].flatMap((name) => (modules[manifest[name]?.file ?? ""] ?? []).map(([id]) => id));
  assert.ok(loaded.some((id) => id.endsWith("preview-frame/main.ts")));
  assert.deepEqual(
    loaded.filter((id) => id.includes("apps/web/src/") && !id.includes("apps/web/src/preview-frame/")),
    [],
  );
});
