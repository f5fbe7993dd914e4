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
  // What the engine needs of a disk and of a server, with the suites that hold both to it.
  "packages/sync-ports": ["packages/core", "packages/protocol"],
  "packages/sync": ["packages/core", "packages/protocol", "packages/codec", "packages/sync-ports"],
  "packages/synced-folder": ["packages/core", "packages/codec", "packages/disk", "packages/sync-ports"],
  "packages/remote-space": [
    "packages/core",
    "packages/protocol",
    "packages/codec",
    "packages/api-client",
    "packages/sync-ports",
  ],
  "packages/simulator": [
    "packages/core",
    "packages/protocol",
    "packages/codec",
    "packages/disk",
    "packages/sync-ports",
    "packages/sync",
  ],
  "apps/server": ["packages/core", "packages/protocol", "packages/codec", "packages/disk", "packages/object-store"],
  "apps/web": ["packages/core", "packages/protocol", "packages/api-client"],
  "apps/cli": [
    "packages/core",
    "packages/protocol",
    "packages/codec",
    "packages/disk",
    "packages/api-client",
    "packages/sync-ports",
    "packages/sync",
    "packages/synced-folder",
    "packages/remote-space",
  ],
  // Written from docs/ alone: whatever it imported would be something that the pages do not say.
  "examples/toy-client": [],
  // Whatever is exported.
  bench: ["*"],
  tools: ["*"],
};

/** What the tests of every part may import besides: the machinery of tests and measurements. */
export const testsMayImport: readonly string[] = ["tools", "bench"];

/** What the tests of one part import besides: those that need the whole server running. */
export const testDoors: Readonly<Record<string, readonly string[]>> = {
  "apps/server": ["@holdfast/web/build/prepare-app", "@holdfast/web/testing/axe"],
  "packages/remote-space": ["@holdfast/server/acceptance/testing"],
  "apps/web": [
    "@holdfast/server/acceptance/outside-visit",
    "@holdfast/server/acceptance/testing",
    "@holdfast/server/acceptance/testing-openid",
    "@holdfast/server/accounts/testing-passkey",
    "@holdfast/server/issuer/testing-provider",
  ],
  "apps/cli": [
    "@holdfast/server/acceptance/testing",
    "@holdfast/server/acceptance/pack-files",
    "@holdfast/server/acceptance/shared-database",
    "@holdfast/server/accounts/testing-passkey",
    "@holdfast/web/testing/axe",
  ],
  "examples/toy-client": [
    "@holdfast/disk/seeded-random",
    "@holdfast/server/acceptance/testing",
    "holdfast/acceptance/home",
    "holdfast/acceptance/ledger",
    "holdfast/acceptance/tree",
    "holdfast/run",
  ],
};

/**
 * The only doors through which shipped code passes an arrow that the table above lacks, and only by `import()`, so that
 * `holdfast put` never loads the server. The command's own tests may import them plainly.
 */
export const lazyDoors: Readonly<Record<string, readonly string[]>> = {
  // What brings the web app's folder: `serve` hands it to the server, which knows of a folder and not of how it came to be.
  "apps/cli": [
    "@holdfast/server/main",
    "@holdfast/server/admin",
    "@holdfast/server/config/options",
    "@holdfast/server/config/read-config",
    "@holdfast/server/data-folder/folder-lock",
    "@holdfast/server/backup/run-backup",
    "@holdfast/server/backup/run-drill",
    "@holdfast/server/backup/run-rebuild",
    "@holdfast/server/backup/run-restore",
    "@holdfast/server/upgrade/run-upgrade",
    "@holdfast/web/build/prepare-app",
  ],
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

/**
 * The layers of packages/sync/src, lowest first: a folder imports itself and what stands on its line, also types, also in tests. What was
 * done on the disk goes from scan/ by state/ and plan/ to remote/, what was done on the server from remote/ by the same two to execute/; loop/
 * calls them in turn. No source lies beside the folders.
 */
export const syncFolders = {
  path: "packages/sync/src",
  mayImport: {
    // It knows nothing of syncing.
    general: [],
    model: [],
    // Questions to the model, beside each other and without any state.
    rules: ["general", "model"],
    shares: ["model"],
    plan: ["model"],
    // What is kept.
    state: ["general", "model"],
    brakes: ["model", "plan", "state"],
    // The disk is read, the disk is changed, the server is heard and told: none of the three knows of another.
    scan: ["general", "model"],
    execute: ["general", "model", "rules", "shares", "plan", "state"],
    remote: ["general", "model", "shares", "plan", "state", "brakes"],
    loop: ["general", "model", "rules", "shares", "plan", "state", "brakes", "scan", "execute", "remote"],
  } as Readonly<Record<string, readonly string[]>>,
  /** Disk, server, clock and chance come from outside: what ships in the others needs nothing of Node. */
  mayImportNode: ["state"] as readonly string[],
};

/** Whose sources (`src/`) run in a browser, with whatever they import; their tests and their build (`build/`) do not. */
export const browserPart = "apps/web";
/** Packages that browsers are known to run, besides those of that part. */
export const browserPackages: readonly string[] = ["@noble/hashes"];

/** Where a process starts. A source that no start and no other source's test reaches is dead. */
export const starts: readonly string[] = [
  "apps/server/src/main.ts",
  "apps/server/src/admin.ts",
  "apps/server/src/backup/run-backup.ts",
  "apps/server/src/backup/run-drill.ts",
  "apps/server/src/backup/run-rebuild.ts",
  "apps/server/src/backup/run-restore.ts",
  "apps/server/src/upgrade/run-upgrade.ts",
  "apps/server/src/thumbs/make-thumb.ts",
  "apps/server/src/acceptance/fixtures/make-fixture.ts",
  "apps/cli/src/main.ts",
  "examples/toy-client/src/main.ts",
  "bench/src/main.ts",
  "packages/simulator/src/soak.ts",
  "packages/simulator/src/soak-worker.ts",
  "bench/src/bare-server.ts",
  "bench/src/poll-holder.ts",
  "bench/src/collect-on-signal.ts",
  "bench/src/sync/counting-proxy.ts",
  "tools/src/check.ts",
  "tools/src/common-passwords.ts",
  "apps/web/src/begin.ts",
  "apps/web/build/build-app.ts",
  "apps/web/build/dev-server.ts",
  "apps/web/src/testing/screenshots.ts",
  "apps/web/src/api-docs/main.ts",
  "apps/web/src/link-page/main.tsx",
  "apps/web/src/preview-frame/main.ts",
  "apps/web/src/service-worker/main.ts",
  // The build puts it in the place of a package.
  "apps/web/src/design/adopted-style.ts",
  "tools/src/run-tests.ts",
  "tools/src/test-batch.ts",
  "tools/src/architecture.ts",
  "tools/src/lockfile.ts",
  "tools/src/named-tests.ts",
];
