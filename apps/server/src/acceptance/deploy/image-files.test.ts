import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { readSourceTree } from "@holdfast/tools/source-tree";
import { filesIn, instructions, read, root } from "./deploy.ts";

const sources = new Map(readSourceTree(root).map((source) => [source.path, source]));

/** As Docker reads `.dockerignore`: a pattern also excludes everything in a folder, and the last one that matches decides. */
function isIgnored(path: string): boolean {
  let ignored = false;
  for (const line of read(".dockerignore").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const pattern = patternOf(line.replace(/^!/, ""));
    if (above(path).some((each) => pattern.test(each))) ignored = !line.startsWith("!");
  }
  return ignored;
}

/** `*` also matches a dot at the beginning. */
function patternOf(line: string): RegExp {
  const parts = line.split(/(\*\*\/|\*)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    return part === "*" ? "[^/]*" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** A path and the folders that contain it. */
function above(path: string): string[] {
  return path === "." ? [] : [path, ...above(dirname(path))];
}

/** Sources that a command can load. The image has the web app's build instead of its sources. */
function loaded(): Set<string> {
  const found = new Set(["apps/cli/src/main.ts"]);
  for (const path of found) {
    for (const { target, isType } of sources.get(path)?.imports ?? [])
      if (!isType && target !== undefined) found.add(target);
  }
  return found;
}

test("the image contains every source that a command can load", () => {
  const needed = loaded();
  assert.ok(needed.size > 1500, `${needed.size}`);
  assert.deepEqual(
    [...needed].filter((path) => isIgnored(path) || /^apps\/web\/(?!build\/)/.test(path)),
    [],
  );
  const copied = new Set(
    instructions("COPY").flatMap((line) => /^--from=compiled .*\/opt\/holdfast\/(\S+)$/.exec(line)?.[1] ?? []),
  );
  assert.deepEqual(
    [...needed].filter((path) => !copied.has(path.split("/")[0] ?? "")),
    [],
  );
});

test("of the command, the server and their packages, the image omits only tests", () => {
  const omitted = filesIn(["apps/{cli,server}/{bin,src}/**", "packages/*/src/**", "tools/node"]).filter(isIgnored);
  assert.ok(omitted.length > 100);
  const isTest = (path: string) =>
    sources.get(path)?.isTest === true || /^packages\/simulator\/|\/(?:acceptance|testing)\//.test(path);
  assert.deepEqual(
    omitted.filter((path) => !isTest(path)),
    [],
  );
});

test("the build reads the package.json of every workspace, and no secrets, data or history", () => {
  const manifests = filesIn(["{apps,packages}/*/package.json", "{bench,tools}/package.json", "package{,-lock}.json"]);
  assert.ok(manifests.length > 15);
  assert.deepEqual(manifests.filter(isIgnored), []);
  for (const path of [
    ".git/config",
    ".env",
    "data/key-encryption-key",
    "deploy/compose/secrets/database-url",
    "apps/server/.env.local",
    "apps/cli/tls.key",
  ])
    assert.ok(isIgnored(path), path);
  for (const path of ["node_modules/x/a.js", "packages/core/node_modules/x/a.js", "apps/web/dist/1/app.json"])
    assert.ok(isIgnored(path), path);
});
