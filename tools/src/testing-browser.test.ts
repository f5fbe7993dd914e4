import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("a browser that does not start fails each test of its file with the reason, and leaves nothing open", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "page.test.mjs");
  writeFileSync(
    file,
    `import { after, before, test } from "node:test";
     import { createServer } from "node:http";
     import { useBrowser } from ${JSON.stringify(import.meta.resolve("./testing-browser.ts"))};
     const browser = useBrowser({ width: 100, height: 100 });
     const server = createServer();
     before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
     after(() => server.close());
     test("one", () => browser.page.goto("about:blank"));
     test("another", () => browser.page.goto("about:blank"));`,
  );
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const { status, signal, stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", file], {
    env: { ...environment, HOLDFAST_TEST_BROWSER: "/bin/false" },
    encoding: "utf8",
    // It takes a second; without a limit, a failure would hang forever.
    timeout: 120_000,
  });
  assert.equal(signal, null, stdout);
  assert.equal(status, 1, stdout);
  assert.match(stdout, /ℹ fail 2\n/);
  for (const name of ["one", "another"])
    assert.match(
      stdout,
      new RegExp(`✖ ${name} [^]*\n  Error .HoldfastError.: The tests' browser does not start`),
      stdout,
    );
});
