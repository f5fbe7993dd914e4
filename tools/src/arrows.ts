/**
 * Who may import whom: the one place that says it. A part may import itself and what stands on its line, nothing else
 * of Holdfast. Read from the bottom up, every arrow points towards `core`.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/protocol": ["packages/core"],
  "packages/codec": ["packages/core", "packages/protocol"],
  "packages/disk": ["packages/core"],
  "packages/object-store": ["packages/core", "packages/disk"],
  "packages/api-client": ["packages/core", "packages/protocol", "packages/codec"],
  "packages/sync": ["packages/core", "packages/protocol", "packages/codec", "packages/disk", "packages/api-client"],
  // Of sync the ports and their suites alone.
  "packages/synced-folder": ["packages/core", "packages/codec", "packages/disk", "packages/sync"],
  "packages/remote-space": [
    "packages/core",
    "packages/protocol",
    "packages/codec",
    "packages/api-client",
    "packages/sync",
  ],
  "packages/simulator": ["packages/core", "packages/protocol", "packages/codec", "packages/disk", "packages/sync"],
  "apps/server": ["packages/core", "packages/protocol", "packages/codec", "packages/disk", "packages/object-store"],
  "apps/web": ["packages/core", "packages/protocol", "packages/api-client"],
  "apps/cli": [
    "packages/core",
    "packages/protocol",
    "packages/codec",
    "packages/disk",
    "packages/api-client",
    "packages/sync",
    "packages/synced-folder",
    "packages/remote-space",
  ],
  // Whatever is exported.
  bench: ["*"],
  tools: ["*"],
};

/** What the tests of every part may import besides: the machinery of tests and measurements. */
export const testsMayImport: readonly string[] = ["tools", "bench"];

/** What the tests of one part import besides: those that need the whole server running. */
export const testDoors: Readonly<Record<string, readonly string[]>> = {
  "packages/remote-space": ["@holdfast/server/acceptance/testing"],
  "apps/cli": [
    "@holdfast/server/acceptance/testing",
    "@holdfast/server/acceptance/pack-files",
    "@holdfast/server/acceptance/sync-devices",
  ],
};

/**
 * The only doors through which shipped code passes an arrow that the table above lacks, and only by `import()`, so that
 * `holdfast put` never loads the server. The command's own tests may import them plainly.
 */
export const lazyDoors: Readonly<Record<string, readonly string[]>> = {
  "apps/cli": ["@holdfast/server/main", "@holdfast/server/admin"],
};

/** Inside apps/server/src a folder (or a file of its root, named without `.ts`) imports any other, but for these. */
export const serverFolders = {
  path: "apps/server/src",
  /** Only the one on the right imports the one on the left. */
  importedOnlyBy: { roles: ["main"] } as Readonly<Record<string, readonly string[]>>,
  /** The one on the left never imports those on the right: what is stored does not know who asks or who listens. */
  neverImports: { metadata: ["http", "notify"], blocks: ["http", "notify"] } as Readonly<
    Record<string, readonly string[]>
  >,
};

/** Where a process starts. A source that no start and no other source's test reaches is dead. */
export const starts: readonly string[] = [
  "apps/server/src/main.ts",
  "apps/server/src/admin.ts",
  "apps/cli/src/main.ts",
  "bench/src/main.ts",
  "packages/simulator/src/soak.ts",
  "packages/simulator/src/soak-worker.ts",
  "bench/src/bare-server.ts",
  "bench/src/poll-holder.ts",
  "bench/src/collect-on-signal.ts",
  "bench/src/sync/counting-proxy.ts",
  "tools/src/check.ts",
  "tools/src/run-tests.ts",
  "tools/src/architecture.ts",
  "tools/src/lockfile.ts",
  "tools/src/named-tests.ts",
];
