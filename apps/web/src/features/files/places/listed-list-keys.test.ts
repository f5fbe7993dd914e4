import assert from "node:assert/strict";
import { test } from "node:test";
import { press } from "../../../commands/testing.ts";
import { listKey } from "../list/list-keys.ts";
import { listedListKeys } from "./listed-list-keys.ts";

test("the documented list keys do what their descriptions state, on a PC and on a Mac", () => {
  const wanted: Readonly<Record<string, object>> = {
    "list-move": { type: "move", how: "select" },
    "list-extend": { type: "move", how: "extend" },
    "list-focus": { type: "move", how: "focus" },
    "list-toggle": { type: "toggle" },
    "list-all": { type: "all" },
    "list-none": { type: "escape" },
    "list-letter": { type: "letter" },
  };
  for (const { id, keys } of listedListKeys) {
    for (const platform of ["pc", "mac"] as const) {
      for (const chord of keys[platform]) {
        const pressed = chord.replace("Mod", platform === "mac" ? "Meta" : "Ctrl");
        const key = listKey(press(pressed), platform, false);
        assert.partialDeepStrictEqual(key, wanted[id], `${platform}: ${chord}`);
      }
    }
  }
});
