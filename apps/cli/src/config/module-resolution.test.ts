import assert from "node:assert/strict";
import { test } from "node:test";
import { fasterResolve } from "./module-resolution.ts";

const folder = "file:///holdfast/apps/cli/src";
const importing = { conditions: ["node", "import"], importAttributes: {} };

function spied() {
  const asked: string[] = [];
  const hook = fasterResolve();
  const resolve = (specifier: string, parentURL: string | undefined, conditions = importing.conditions) =>
    hook(specifier, { ...importing, parentURL, conditions }, () => {
      asked.push(specifier);
      return { url: `${specifier} of ${parentURL}` };
    }).url;
  return { asked, resolve };
}

test("a source imported by its relative path is resolved without Node", () => {
  const { asked, resolve } = spied();
  assert.equal(resolve("./run.ts", `${folder}/main.ts`), `${folder}/run.ts`);
  assert.equal(resolve("../run.ts", `${folder}/commands/ls.ts`), `${folder}/run.ts`);
  assert.deepEqual(asked, []);
});

test("Node resolves a module once for several sources, and again where packages may differ", () => {
  const { asked, resolve } = spied();
  for (const specifier of ["zod", "./page.js", "@holdfast/core/errors", "node:fs"])
    assert.equal(resolve(specifier, `${folder}/a.ts`), resolve(specifier, `${folder}/b.ts`));
  assert.equal(asked.length, 4);
  const inner = `${folder}/inner/c.ts`;
  assert.equal(resolve("@holdfast/core/errors", inner), resolve("@holdfast/core/errors", `${folder}/a.ts`));
  assert.equal(resolve("zod", inner), `zod of ${inner}`);
  assert.equal(resolve("./page.js", inner), `./page.js of ${inner}`);
});

test("Node resolves one file of a package's folder, and all if it finds no ES module", () => {
  const packages = "file:///holdfast/node_modules";
  const asked: string[] = [];
  const hook = fasterResolve();
  const resolve = (specifier: string, parentURL: string) =>
    hook(specifier, { ...importing, parentURL }, () => {
      asked.push(specifier);
      const url = specifier.startsWith(".")
        ? new URL(specifier, parentURL).href
        : `${packages}/${specifier}/dist/index.js`;
      return { url, format: url.includes("/kysely/") ? "module" : "commonjs" };
    });
  for (const name of ["kysely", "pg"]) {
    const { url } = resolve(name, `${folder}/a.ts`);
    for (const specifier of ["./sql.js", "./inner/a.js", "./inner/b.js", "./data.json"]) {
      const found = resolve(specifier, url);
      assert.equal(found.url, new URL(specifier, url).href);
      assert.equal(found.format, name === "pg" ? "commonjs" : "module");
    }
  }
  const rest = ["./inner/a.js", "./data.json", "pg", "./sql.js", "./inner/a.js", "./inner/b.js", "./data.json"];
  assert.deepEqual(asked, ["kysely", ...rest]);
});

test("the entry point, absolute paths and require calls are left to Node", () => {
  const { asked, resolve } = spied();
  resolve("./main.ts", undefined);
  resolve("/elsewhere/page.ts", `${folder}/a.ts`);
  resolve("./main.ts", `${folder}/a.ts`, ["node", "require"]);
  assert.deepEqual(asked, ["./main.ts", "/elsewhere/page.ts", "./main.ts"]);
});
