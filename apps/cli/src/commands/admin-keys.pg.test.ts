import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-keys");

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, a key is replaced once for each command, and the current one is shown`, async () => {
    const { run, json, data } = command;
    const rotate = (...more: string[]) => run(["admin", "rotate-keys", ...more, ...flags]);
    const keyFile = `${data}/key-encryption-key`;
    const before = readFileSync(keyFile, "utf8");
    const replaced = await rotate();
    assert.equal(replaced.code, 0, replaced.stderr);
    const [, fingerprint] = /^a new key-encryption key \((\w{16})\) wraps \d+ data keys?$/m.exec(replaced.stdout) ?? [];
    assert.ok(replaced.stdout.includes(`Copy ${keyFile} to another place now`), replaced.stdout);
    assert.notEqual(readFileSync(keyFile, "utf8"), before);
    const keys = async () => {
      const { items } = await json("admin", "doctor", ...flags);
      return items.find(({ check }: { check: string }) => check === "keys").detail as string;
    };
    assert.ok((await keys()).includes(`key-encryption key ${fingerprint}`), await keys());
    const epoch = async () => Number(/of epoch (\d+)/.exec(await keys())?.[1]);
    const present = await epoch();
    const made = await rotate("--data-key");
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, new RegExp(`^cell main: .* epoch ${present + 1}$`, "m"));
    assert.equal(await epoch(), present + 1);
    const { rotated, cells } = await json("admin", "rotate-keys", "--data-key", ...flags);
    assert.deepEqual([rotated, cells[0].cell, cells[0].epoch], ["data_key", "main", present + 2]);
  });
}
