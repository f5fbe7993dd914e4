import assert from "node:assert/strict";
import { test } from "node:test";
import { clientCommands } from "./client-commands.ts";

test("what is pasted is one word to the shell, whatever the address has", () => {
  assert.equal(
    clientCommands("https://drive.example", "ann@example.org").split("\n")[0],
    "npx --no-install holdfast login https://drive.example --email ann@example.org",
  );
  assert.match(clientCommands("http://[::1]:8420", "o'hara@example.org"), /--email 'o'\\''hara@example\.org'\n/);
});
