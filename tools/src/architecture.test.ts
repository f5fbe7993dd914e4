import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { findViolations } from "./architecture.ts";
import { syncFolders } from "./arrows.ts";

const packageNames = {
  "packages/core": "@holdfast/core",
  "packages/protocol": "@holdfast/protocol",
  "packages/codec": "@holdfast/codec",
  "packages/disk": "@holdfast/disk",
  "packages/object-store": "@holdfast/object-store",
  "packages/api-client": "@holdfast/api-client",
  "packages/sync": "@holdfast/sync",
  "packages/simulator": "@holdfast/simulator",
  "apps/server": "@holdfast/server",
  "apps/cli": "holdfast",
  "apps/web": "@holdfast/web",
  bench: "@holdfast/bench",
  tools: "@holdfast/tools",
};

const sound: Readonly<Record<string, string>> = {
  "packages/core/src/ids.ts": "export const id = 1;",
  "packages/core/src/hash.ts": 'import { id } from "./ids.ts"; export const hash = id;',
  "packages/protocol/src/schemas.ts": 'import { hash } from "@holdfast/core/hash"; export const schemas = hash;',
  "packages/codec/src/encode.ts":
    'import { schemas } from "@holdfast/protocol/schemas"; export const encode = schemas;',
  "packages/codec/src/encode.test.ts": 'import "./encode.ts"; import "@holdfast/tools/components";',
  "packages/disk/src/disk.ts": 'import { id } from "@holdfast/core/ids"; export const disk = id;',
  "packages/object-store/src/store.ts": 'import { disk } from "@holdfast/disk/disk"; export const store = disk;',
  "packages/object-store/src/conformance.ts": 'import { test } from "node:test"; export const conform = test;',
  "packages/api-client/src/client.ts": 'import { encode } from "@holdfast/codec/encode"; export const client = encode;',
  "packages/sync/src/loop/engine.ts":
    'import "./cycle.ts"; import { encode } from "@holdfast/codec/encode"; export const engine = encode;',
  "packages/sync/src/model/trees.ts": "export const trees = 1;",
  "packages/sync/src/model/trees.test.ts": 'import "./trees.ts";',
  "packages/sync/src/plan/plan.ts": 'import { trees } from "../model/trees.ts"; export const plan = trees;',
  "packages/sync/src/scan/scan.ts": 'import { trees } from "../model/trees.ts"; export const scan = trees;',
  "packages/sync/src/execute/act.ts": 'import { plan } from "../plan/plan.ts"; export const act = plan;',
  "packages/sync/src/state/sync-state.ts": 'import "node:sqlite"; export const state = 1;',
  "packages/sync/src/loop/cycle.ts":
    'import "../scan/scan.ts"; import "../execute/act.ts"; import "../state/sync-state.ts"; export const cycle = 1;',
  "packages/simulator/src/world.ts":
    'import { engine } from "@holdfast/sync/loop/engine"; export const world = engine;',
  "packages/simulator/src/soak.test.ts": 'import "./world.ts";',
  "apps/server/src/main.ts": 'import { serve } from "./roles/all.ts"; serve();',
  "apps/server/src/admin.ts": 'import { commit } from "./tree/commit.ts"; export const admin = commit;',
  "apps/server/src/base/config.ts": 'import { id } from "@holdfast/core/ids"; export const config = id;',
  "apps/server/src/roles/all.ts":
    'import "../edge/routes.ts"; import "../features/notify/bus.ts"; export const serve = () => 1;',
  "apps/server/src/edge/routes.ts": 'import "../tree/commit.ts"; import "../packs/put-block.ts";',
  "apps/server/src/tree/commit.ts":
    'import { config } from "../base/config.ts"; import "./commit/apply.ts"; export const commit = config;',
  "apps/server/src/tree/commit/apply.ts": 'import { node } from "../read/node.ts"; export const apply = node;',
  "apps/server/src/tree/read/node.ts": "export const node = 1;",
  "apps/server/src/tree/read/node.test.ts": 'import "./node.ts"; import "../commit/apply.ts";',
  "apps/server/src/packs/put-block.ts":
    'import { store } from "@holdfast/object-store/store"; export const put = store;',
  "apps/server/src/features/notify/bus.ts": "export const bus = 1;",
  "apps/cli/src/main.ts":
    'import "./commands/ls.ts"; import { engine } from "@holdfast/sync/loop/engine"; await import("./serve.ts"); export { engine };',
  "apps/cli/src/commands/ls.ts": 'import { text } from "../output/text.ts"; export const ls = text;',
  "apps/cli/src/output/text.ts": "export const text = 1;",
  "apps/cli/src/serve.ts": 'await import("@holdfast/server/main"); await import("@holdfast/server/admin");',
  "apps/cli/src/serve.test.ts": 'import "@holdfast/server/main";',
  "apps/web/src/app.ts": 'import { client } from "@holdfast/api-client/client"; export const app = client;',
  "apps/web/src/tree.test.ts": 'import "./app.ts";',
  "bench/src/main.ts": 'import "@holdfast/server/base/config"; import "@holdfast/tools/components";',
  "tools/src/components.ts": "export const component = 1;",
  "tools/src/check.ts": 'import "@holdfast/simulator/world";',
};

function violationsOf(t: TestContext, planted: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), "holdfast-arrows-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [part, name] of Object.entries(packageNames))
    write(root, `${part}/package.json`, JSON.stringify({ name }));
  for (const [path, text] of Object.entries({ ...sound, ...planted })) write(root, path, text);
  return findViolations(root);
}

function write(root: string, path: string, text: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** [violation, file that gets the line, line, expected report] */
const plantedImports: readonly (readonly [string, string, string, RegExp])[] = [
  ["core -> protocol", "packages/core/src/ids.ts", 'import "@holdfast/protocol/schemas";', /packages\/core may not/],
  ["core -> disk", "packages/core/src/ids.ts", 'import "@holdfast/disk/disk";', /packages\/core may not/],
  ["protocol -> codec", "packages/protocol/src/schemas.ts", 'import "@holdfast/codec/encode";', /protocol may not/],
  ["codec -> api-client", "packages/codec/src/encode.ts", 'import "@holdfast/api-client/client";', /codec may not/],
  ["codec -> disk", "packages/codec/src/encode.ts", 'import "@holdfast/disk/disk";', /packages\/codec may not/],
  ["disk -> object-store", "packages/disk/src/disk.ts", 'import "@holdfast/object-store/store";', /disk may not/],
  ["disk -> protocol", "packages/disk/src/disk.ts", 'import "@holdfast/protocol/schemas";', /disk may not/],
  ["object-store -> protocol", "packages/object-store/src/store.ts", 'import "@holdfast/protocol/schemas";', /may not/],
  ["object-store -> server", "packages/object-store/src/store.ts", 'import "@holdfast/server/base/config";', /may not/],
  ["api-client -> disk", "packages/api-client/src/client.ts", 'import "@holdfast/disk/disk";', /api-client may not/],
  [
    "api-client -> sync",
    "packages/api-client/src/client.ts",
    'import "@holdfast/sync/loop/engine";',
    /api-client may not/,
  ],
  ["sync -> cli", "packages/sync/src/loop/engine.ts", 'import "holdfast/serve";', /packages\/sync may not/],
  [
    "sync -> server",
    "packages/sync/src/loop/engine.ts",
    'import "@holdfast/server/base/config";',
    /packages\/sync may not/,
  ],
  [
    "simulator -> server",
    "packages/simulator/src/world.ts",
    'import "@holdfast/server/base/config";',
    /simulator may not/,
  ],
  ["server -> api-client", "apps/server/src/base/config.ts", 'import "@holdfast/api-client/client";', /server may not/],
  ["server -> cli", "apps/server/src/base/config.ts", 'import "holdfast/serve";', /apps\/server may not/],
  ["web -> codec", "apps/web/src/app.ts", 'import "@holdfast/codec/encode";', /apps\/web may not/],
  ["web -> sync", "apps/web/src/app.ts", 'import "@holdfast/sync/loop/engine";', /apps\/web may not/],
  ["cli -> object-store", "apps/cli/src/serve.ts", 'import "@holdfast/object-store/store";', /apps\/cli may not/],
  ["cli -> server at start", "apps/cli/src/serve.ts", 'import "@holdfast/server/main";', /only by import\(\)/],
  [
    "cli -> server's inside",
    "apps/cli/src/serve.ts",
    'await import("@holdfast/server/base/config");',
    /only by import\(\)/,
  ],
  ["cli -> a type of server", "apps/cli/src/serve.ts", 'import type { x } from "@holdfast/server/main";', /may not/],
  [
    "shipped code -> tools",
    "apps/server/src/base/config.ts",
    'import "@holdfast/tools/components";',
    /may not import tools/,
  ],
  ["shipped code -> bench", "apps/cli/src/serve.ts", 'import "@holdfast/bench/main";', /may not import bench/],
  ["shipped code -> tests", "packages/codec/src/encode.ts", 'import "./encode.test.ts";', /imports the test code/],
  ["re-export over an arrow", "packages/core/src/ids.ts", 'export * from "@holdfast/disk/disk";', /core may not/],
  ["a path into a package", "packages/codec/src/encode.ts", 'import "../../core/src/ids.ts";', /by the package's name/],
  ["a file that is missing", "packages/codec/src/encode.ts", 'import "./gone.ts";', /does not exist/],
  ["a computed import", "packages/codec/src/encode.ts", "await import(process.argv[2]);", /computes what it imports/],
  ["roles -> main", "apps/server/src/roles/all.ts", 'import "../main.ts";', /roles\/ may not import main/],
  ["edge -> roles", "apps/server/src/edge/routes.ts", 'import "../roles/all.ts";', /edge\/ may not import roles/],
  ["tree -> edge", "apps/server/src/tree/commit.ts", 'import "../edge/routes.ts";', /tree\/ may not import edge/],
  ["tree -> packs", "apps/server/src/tree/commit.ts", 'import "../packs/put-block.ts";', /tree\/ may not import packs/],
  [
    "packs -> a feature",
    "apps/server/src/packs/put-block.ts",
    'import "../features/notify/bus.ts";',
    /packs\/ may not import features/,
  ],
  [
    "a type of the commit in the reads",
    "apps/server/src/tree/read/node.ts",
    'import type { apply } from "../commit/apply.ts";',
    /read\/ may not import commit\//,
  ],
  ["output -> commands", "apps/cli/src/output/text.ts", 'import("../commands/ls.ts");', /output\/ may not import comm/],
  ["output -> main", "apps/cli/src/output/text.ts", 'import("../main.ts");', /output\/ may not import main/],
  [
    "plan -> state",
    "packages/sync/src/plan/plan.ts",
    'import "../state/sync-state.ts";',
    /plan\/ may not import state/,
  ],
  ["execute -> scan", "packages/sync/src/execute/act.ts", 'import "../scan/scan.ts";', /execute\/ may not import scan/],
  [
    "scan -> a type of the loop",
    "packages/sync/src/scan/scan.ts",
    'import type { cycle } from "../loop/cycle.ts";',
    /scan\/ may not import loop/,
  ],
  [
    "a test of model -> plan",
    "packages/sync/src/model/trees.test.ts",
    'import "../plan/plan.ts";',
    /model\/ may not import plan/,
  ],
  ["scan -> the real disk", "packages/sync/src/scan/scan.ts", 'import "node:fs";', /scan\/ may not import node:fs/],
];

test("a tree that respects all rules has no violations", (t) => {
  assert.deepEqual(violationsOf(t, {}), []);
});

for (const [what, path, line, report] of plantedImports) {
  test(`a planted import is reported: ${what}`, (t) => {
    const violations = violationsOf(t, { [path]: `${sound[path]}\n${line}` });
    assert.ok(
      violations.some((violation) => violation.startsWith(path) && report.test(violation)),
      `expected ${path} … ${report}, got ${JSON.stringify(violations)}`,
    );
  });
}

test("a source of the sync engine outside the layers is reported", (t) => {
  const violations = violationsOf(t, {
    "packages/sync/src/bounded.ts": "export const bounded = 1;",
    "packages/sync/src/helpers/names.ts": "export const names = 1;",
    "packages/sync/src/loop/engine.ts": `${sound["packages/sync/src/loop/engine.ts"]} import "../bounded.ts"; import "../helpers/names.ts";`,
  });
  assert.deepEqual(violations, [
    "packages/sync/src/bounded.ts: the layers of packages/sync/src have no folder bounded/",
    "packages/sync/src/helpers/names.ts: the layers of packages/sync/src have no folder helpers/",
    "packages/sync/src/loop/engine.ts:1: loop/ may not import bounded/",
    "packages/sync/src/loop/engine.ts:1: loop/ may not import helpers/",
  ]);
});

test("a folder without a layer is reported, and a file beside the layers is not", (t) => {
  const violations = violationsOf(t, {
    "apps/cli/src/tables/rows.ts": "export const rows = 1;",
    "apps/cli/src/commands/ls.ts": 'import "../tables/rows.ts"; import "../output/text.ts"; export const ls = 1;',
  });
  assert.deepEqual(violations, [
    "apps/cli/src/commands/ls.ts:1: commands/ may not import tables/",
    "apps/cli/src/tables/rows.ts: the layers of apps/cli/src have no folder tables/",
  ]);
});

test("the layers of the sync engine are listed in the order of their imports", () => {
  const layers = Object.keys(syncFolders.mayImport);
  for (const [index, layer] of layers.entries()) {
    const above = (syncFolders.mayImport[layer] ?? []).filter((other) => !layers.slice(0, index).includes(other));
    assert.deepEqual(above, [], `${layer} may import what does not stand below it`);
  }
});

/** [module unusable in browsers, further sources, expected report] */
const plantedNode: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  [
    "a module of Node, three imports away",
    { "packages/core/src/ids.ts": 'import { hash } from "node:crypto"; export const id = hash;' },
    /ids\.ts:1 imports node:crypto.*: apps\/web\/src\/app\.ts -> .*client\.ts -> .*encode\.ts -> .* -> node:crypto$/,
  ],
  [
    "a package that needs Node",
    { "packages/core/src/ids.ts": 'export { Pool as id } from "undici";' },
    /imports undici/,
  ],
  [
    "a global of Node",
    { "packages/core/src/ids.ts": 'export const id = Buffer.from("1");' },
    /ids\.ts uses Buffer.*app\.ts ->/,
  ],
  [
    "a global in a component",
    { "apps/web/src/main.tsx": "export const mode = process.env as object;" },
    /main\.tsx uses process/,
  ],
  ["what a page loads later", { "apps/web/src/later.ts": 'await import("node:fs");' }, /later\.ts:1 imports node:fs/],
];

for (const [what, planted, report] of plantedNode) {
  test(`code that a browser lacks is reported with its import path: ${what}`, (t) => {
    const violations = violationsOf(t, planted);
    assert.ok(
      violations.some((violation) => report.test(violation)),
      `expected ${report}, got ${JSON.stringify(violations)}`,
    );
  });
}

test("types, tests, member names and Node-only imports of package.json do not count as browser code", (t) => {
  const violations = violationsOf(t, {
    "packages/core/package.json": JSON.stringify({
      name: "@holdfast/core",
      imports: { "#hash": { browser: "./src/hash-browser.ts", default: "./src/hash-node.ts" } },
    }),
    "packages/core/src/ids.ts": `import { hash } from "#hash"; import type { Hash } from "node:crypto";
      export const id = { process: hash, of: (bytes: Buffer & Hash) => bytes, read: (global: number) => global };`,
    "packages/core/src/hash-browser.ts": "export const hash = 1;",
    "packages/core/src/hash-node.ts": 'export { hash } from "node:crypto";',
    "apps/web/src/tree.test.ts": 'import "node:test"; import "./app.ts"; process.exit(Buffer.length);',
  });
  assert.deepEqual(violations, []);
});

test("an import cycle of server folders is reported once, with its path", (t) => {
  const cycle = violationsOf(t, {
    "apps/server/src/features/notify/bus.ts": 'import "../uploads/session.ts";',
    "apps/server/src/features/uploads/session.ts": 'import "../links/append.ts";',
    "apps/server/src/features/links/append.ts": 'import("../notify/bus.ts");',
  });
  assert.equal(cycle.length, 1, JSON.stringify(cycle));
  assert.match(
    cycle[0] ?? "",
    /cycle between folders of apps\/server\/src\/features: links -> notify \(.*append\.ts:1\) -> uploads .* -> links/,
  );
});

test("import cycles between files are reported, even if only types or tests are involved", (t) => {
  const cycles = violationsOf(t, {
    "packages/core/src/frame.ts": 'import type { Pack } from "./pack.ts";',
    "packages/core/src/pack.ts": 'export type { Frame } from "./frame.ts";',
    "packages/core/src/testing-one.ts": 'import "./testing-two.ts";',
    "packages/core/src/testing-two.ts": 'import "./testing-one.ts";',
  }).filter((line) => line.includes("cycle"));
  assert.deepEqual(
    cycles.map((line) => line.replace(/ \(.*?\)/g, "")),
    [
      "import cycle between files: packages/core/src/frame.ts -> packages/core/src/pack.ts -> packages/core/src/frame.ts",
      "import cycle between files: packages/core/src/testing-one.ts -> packages/core/src/testing-two.ts -> packages/core/src/testing-one.ts",
    ],
  );
});

test("an import cycle between packages is reported even if the table would allow it", (t) => {
  const cycle = violationsOf(t, {
    "tools/src/check.ts": 'import "@holdfast/simulator/world"; import "@holdfast/bench/main";',
  });
  assert.match(cycle.join("\n"), /cycle between parts: bench -> tools \(.*\) -> bench/);
});

test("a source that only its own test uses is reported as dead, but not a worker's source", (t) => {
  const violations = violationsOf(t, {
    "packages/core/src/forgotten.ts": "export const forgotten = 1;",
    "packages/core/src/forgotten.pg.test.ts": 'import "./forgotten.ts";',
    "packages/codec/src/encode.ts": `${sound["packages/codec/src/encode.ts"]}
      export const worker = new Worker(new URL("./hash-worker.ts", import.meta.url));`,
    "packages/codec/src/hash-worker.ts": "export {};",
  });
  assert.deepEqual(violations, [
    "packages/core/src/forgotten.ts is dead: no start reaches it, and no test but its own",
  ]);
});
