import assert from "node:assert/strict";
import { test } from "node:test";
import { currentToasts, hideToast, showToast } from "./toasts.ts";

test("a repeated message replaces the earlier one, unless it has an action", () => {
  const shown = () => currentToasts().map(({ text, id }) => [text, id]);
  showToast({ text: "refused" });
  const first = shown();
  showToast({ text: "refused" });
  assert.equal(shown().length, 1);
  assert.notDeepEqual(shown(), first);
  for (const _ of [1, 2]) showToast({ text: "moved", act: { label: "Undo", run: () => {} } });
  assert.deepEqual(
    shown().map(([text]) => text),
    ["refused", "moved", "moved"],
  );
  for (const { id } of currentToasts()) hideToast(id);
});
