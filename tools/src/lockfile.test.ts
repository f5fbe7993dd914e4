import assert from "node:assert/strict";
import { test } from "node:test";
import { findAddresses, missingEntries } from "./lockfile.ts";

test("an address in the lockfile is reported, but not a workspace's folder", () => {
  const packages = {
    "node_modules/a": { version: "1.0.0", resolved: "https://registry.example/a/-/a-1.0.0.tgz" },
    "node_modules/b": { version: "1.0.0", resolved: "packages/b" },
  };
  assert.deepEqual(findAddresses({ packages }), [
    "node_modules/a holds the address https://registry.example/a/-/a-1.0.0.tgz",
  ]);
});

test("a platform binary that the lockfile lacks gets an entry derived from its name", () => {
  const packages = {
    "node_modules/lint": {
      version: "1.2.3",
      dev: true,
      optionalDependencies: { "@lint/binding-linux-arm-gnueabihf": "1.2.3", "@lint/binding-linux-x64-musl": "1.2.3" },
    },
    "node_modules/parse": {
      version: "4.0.0",
      optionalDependencies: { "@parse/windows-x64": "4.0.0-beta.1", "parse-darwin-arm64": "4.0.0" },
    },
    "node_modules/parse-darwin-arm64": { version: "4.0.0" },
  };
  assert.deepEqual(missingEntries({ packages }), {
    "node_modules/@lint/binding-linux-arm-gnueabihf": {
      version: "1.2.3",
      cpu: ["arm"],
      libc: ["glibc"],
      os: ["linux"],
      dev: true,
      optional: true,
    },
    "node_modules/@lint/binding-linux-x64-musl": {
      version: "1.2.3",
      cpu: ["x64"],
      libc: ["musl"],
      os: ["linux"],
      dev: true,
      optional: true,
    },
    "node_modules/@parse/windows-x64": { version: "4.0.0-beta.1", cpu: ["x64"], os: ["win32"], optional: true },
  });
});

test("an optional dependency locked inside its parent's folder is not missing", () => {
  const packages = {
    "node_modules/a/node_modules/b": { version: "1.0.0", optionalDependencies: { "c-linux-x64": "1.0.0" } },
    "node_modules/a/node_modules/c-linux-x64": { version: "1.0.0" },
  };
  assert.deepEqual(missingEntries({ packages }), {});
});

test("a name without a platform, or a version range, is rejected for a person to resolve", () => {
  const locked = (name: string, version: string) => ({
    packages: { "node_modules/a": { version: "1.0.0", optionalDependencies: { [name]: version } } },
  });
  assert.throws(() => missingEntries(locked("colours", "1.0.0")), /does not tell its platform/);
  assert.throws(() => missingEntries(locked("a-linux-x64", "^1.0.0")), /only an exact version/);
});
