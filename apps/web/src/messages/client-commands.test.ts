import assert from "node:assert/strict";
import { test } from "node:test";
import { clientCommands } from "./client-commands.ts";

test("a pasted command quotes the address for the shell", () => {
  const ann = { public_url: "https://drive.example", email: "ann@example.org" };
  assert.equal(
    clientCommands(ann, "https://elsewhere").split("\n")[0],
    "npx --no-install holdfast login https://drive.example --email ann@example.org",
  );
  assert.match(
    clientCommands({ email: "o'hara@example.org" }, "http://[::1]:8420"),
    /login http:\/\/\[::1\]:8420 --email 'o'\\''hara@example\.org'\n/,
  );
});

test("the command trusts a self-signed certificate by its fingerprint", () => {
  const ann = { public_url: "https://192.168.1.20:8420", email: "ann@example.org", certificate_sha256: "3f6c" };
  assert.match(clientCommands(ann, ""), / login https:\/\/192\.168\.1\.20:8420 --fingerprint SHA256:3f6c --email ann@/);
});
