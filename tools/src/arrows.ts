/**
 * Allowed imports, defined only here. A part may import itself and the parts on its line, nothing else of Holdfast.
 * Every arrow points toward `core`.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/protocol": ["packages/core"],
  // Separate from core, because threads are I/O, and from the server, because the command uses the same code.
  "packages/codec": ["packages/core", "packages/protocol"],
  // Separate from object-store: the command's `get` and the server's key files must survive power failures, too.
  "packages/disk": ["packages/core"],
  "packages/object-store": ["packages/core", "packages/disk"],
  "packages/api-client": ["packages/core", "packages/protocol", "packages/codec"],
  // The engine's ports to a disk and a server, with conformance suites for both.
  "packages/sync-ports": ["packages/core", "packages/protocol"],
  "packages/sync": ["packages/core", "packages/protocol", "packages/codec", "packages/sync-ports"],
  // The real disk and server are separate from the engine, because the simulator replaces them.
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
  // Based on docs/ only: any import would be a fact missing from the docs.
  "examples/toy-client": [],
  // Every export.
  bench: ["*"],
  tools: ["*"],
};

/** Additional imports of all tests: test and measurement tools. */
export const testsMayImport: readonly string[] = ["tools", "bench"];

/** Additional imports of one part's tests, which need a running server. */
export const testDoors: Readonly<Record<string, readonly string[]>> = {
  "apps/server": ["@holdfast/web/build/prepare-app", "@holdfast/web/testing/axe"],
  "packages/remote-space": ["@holdfast/server/acceptance/testing"],
  "apps/web": [
    "@holdfast/server/acceptance/outside-visit",
    "@holdfast/server/acceptance/testing",
    "@holdfast/server/acceptance/testing-openid",
    "@holdfast/server/features/accounts/factors/testing-passkey",
    "@holdfast/server/features/issuer/testing-provider",
  ],
  "apps/cli": [
    "@holdfast/server/acceptance/testing",
    "@holdfast/server/acceptance/pack-files",
    "@holdfast/server/acceptance/shared-database",
    "@holdfast/server/features/accounts/factors/testing-passkey",
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
 * Exceptions for shipped code, by `import()` only, so that `holdfast put` never loads the server. The command's own
 * tests may import them statically.
 */
export const lazyDoors: Readonly<Record<string, readonly string[]>> = {
  // Provides the web app's folder: `serve` passes it to the server, which does not know how it was made.
  "apps/cli": [
    "@holdfast/server/main",
    "@holdfast/server/admin",
    "@holdfast/server/base/config/file-values",
    "@holdfast/server/base/config/options",
    "@holdfast/server/base/config/read-config",
    "@holdfast/server/base/data-folder/folder-lock",
    "@holdfast/server/care/backup/run-backup",
    "@holdfast/server/care/backup/run-drill",
    "@holdfast/server/care/backup/run-rebuild",
    "@holdfast/server/care/backup/run-restore",
    "@holdfast/server/care/regions/run-region",
    "@holdfast/server/care/upgrade/run-upgrade",
    "@holdfast/web/build/prepare-app",
  ],
};

/** Folders whose own folders form no import cycle. A file beside the folders counts as a folder of its name. */
export const acyclicFolders: readonly string[] = [
  "apps/server/src/base",
  "apps/server/src/features",
  "apps/server/src/care",
  "apps/server/src/edge",
  "apps/server/src/roles",
  "apps/web/src/features",
];

/**
 * Layers of folders, lowest first: a folder may import itself and the folders before it, including types. Files
 * beside the folders are above all of them. Tests may import everything.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  // Stored data does not depend on requests and listeners.
  "apps/server/src": ["base", "tree", "packs", "features", "care", "edge", "roles"],
  "apps/server/src/tree": [
    "rights",
    "actor",
    "brake",
    "weight",
    "content",
    "read",
    "journal",
    "commit",
    "trash",
    "retention",
  ],
  "apps/server/src/packs": [
    // Small records about a cell, such as its last backup.
    "facts",
    "format",
    "keys",
    "cells",
    "index",
    "read",
    "write",
    "repair",
    "copies",
    "collect",
    "service",
  ],
  "apps/server/src/features/accounts": [
    // Used by all others: the databases, clock and keys of accounts, and the types of callers.
    "context",
    "passwords",
    "callers",
    "factors",
    "people",
    "proof",
    "sign-in",
    "invitations",
  ],
  "apps/web/src": [
    "browser",
    "messages",
    "design",
    "commands",
    "offline",
    "data",
    "upload",
    "preview-frame",
    "features",
    "service-worker",
    "routes",
    "link-page",
    "api-docs",
  ],
  "apps/web/src/features/files": ["rows", "naming", "finding", "acts", "move", "list", "places"],
  // The engine's top layer (`syncFolders`): from what is reported to people up to the engine with its states.
  "packages/sync/src/loop": [
    "reports",
    // Wrappers and checks of disk and server.
    "access",
    "delays",
    // Facts that a run collects for its later cycles.
    "tracking",
    "transfers",
    // Everything that one cycle uses.
    "context",
    "ignore-rules",
    "cycle",
    "engine",
  ],
  "apps/cli/src": [
    "exit-codes",
    "output",
    "config",
    "links",
    "remote",
    "compare",
    // The call of a command: its connection, terminal and interruption.
    "invocation",
    "transfer",
    "service",
    "sync",
    "archive",
    "commands",
  ],
};

/**
 * Layers of packages/sync/src, lowest first: a folder may import itself and the folders on its line, including types
 * and tests. Local changes pass from scan/ through state/ and plan/ to remote/. Server changes pass from remote/
 * through the same two to execute/. loop/ calls them in turn; its own folders are in `layers`. All sources are in these
 * folders.
 */
export const syncFolders = {
  path: "packages/sync/src",
  mayImport: {
    general: [],
    model: [],
    // Independent, stateless queries of the model.
    rules: ["general", "model"],
    shares: ["model"],
    plan: ["model"],
    state: ["general", "model"],
    brakes: ["model", "plan", "state"],
    // Reading the disk, changing the disk, and exchange with the server are independent of each other.
    scan: ["general", "model"],
    execute: ["general", "model", "rules", "shares", "plan", "state"],
    remote: ["general", "model", "shares", "plan", "state", "brakes"],
    loop: ["general", "model", "rules", "shares", "plan", "state", "brakes", "scan", "execute", "remote"],
  } as Readonly<Record<string, readonly string[]>>,
  /** Disk, server, clock and randomness are injected: shipped code in the others needs nothing of Node. */
  mayImportNode: ["state"] as readonly string[],
};

/** Part whose sources (`src/`) run in a browser, with all their imports; its tests and build (`build/`) do not. */
export const browserPart = "apps/web";
/** Further packages that run in browsers. */
export const browserPackages: readonly string[] = ["@noble/hashes"];

/** Entry points. A source that no entry point and no other source's test reaches is dead. */
export const starts: readonly string[] = [
  "apps/server/src/main.ts",
  "apps/server/src/admin.ts",
  "apps/server/src/care/backup/run-backup.ts",
  "apps/server/src/care/backup/run-drill.ts",
  "apps/server/src/care/backup/run-rebuild.ts",
  "apps/server/src/care/backup/run-restore.ts",
  "apps/server/src/care/regions/run-region.ts",
  "apps/server/src/care/upgrade/run-upgrade.ts",
  "apps/server/src/features/thumbs/make-thumb.ts",
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
  // Replaces a package during the build.
  "apps/web/src/design/adopted-style.ts",
  "tools/src/run-tests.ts",
  "tools/src/test-batch.ts",
  "tools/src/architecture.ts",
  "tools/src/lockfile.ts",
  "tools/src/named-tests.ts",
];
