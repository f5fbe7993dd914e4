import assert from "node:assert/strict";
import { test } from "node:test";
import { draftKey, dropDrafts, dropNote, readDraft, unsavedFiles, writeDraft } from "./drafts.ts";

const draft = { text: "words", versionId: "v", name: "a.txt" };

/** Its keys are properties, as those of the browser's. @param room characters of one value */
function makeStorage(room = Infinity): Storage {
  const items: Record<string, string> = {};
  const hidden = {
    getItem: (key: string) => items[key] ?? null,
    removeItem: (key: string) => Reflect.deleteProperty(items, key),
    setItem: (key: string, value: string) => {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      items[key] = value;
    },
  };
  return new Proxy(items, { get: (_, key) => Reflect.get(hidden, key) ?? items[String(key)] }) as unknown as Storage;
}

test("each file with unsaved text is listed once, however many tabs it is open in", () => {
  const storage = makeStorage();
  for (const id of ["a", "a", "b"]) writeDraft(storage, draftKey(id), draft);
  // A draft of an earlier version of this app.
  storage.setItem("holdfast-draft c", JSON.stringify({ text: "old", versionId: "v" }));
  storage.setItem("another key", "{}");
  assert.deepEqual(unsavedFiles(storage), [
    { id: "a", name: "a.txt" },
    { id: "b", name: "a.txt" },
    { id: "c", name: undefined },
  ]);
  dropDrafts(storage);
  assert.deepEqual(unsavedFiles(storage), []);
});

test("a file with text for which there is no room is listed, offers nothing, and is forgotten with the text", () => {
  const storage = makeStorage(30);
  const key = draftKey("a");
  assert.equal(writeDraft(storage, key, { ...draft, text: "a long text ".repeat(10) }), false);
  assert.deepEqual(unsavedFiles(storage), [{ id: "a", name: "a.txt" }]);
  assert.equal(readDraft(storage, "a"), undefined);
  dropNote(storage, key);
  assert.deepEqual(unsavedFiles(storage), []);
});

test("a text that has grown too long leaves what was kept of it before", () => {
  const storage = makeStorage(60);
  const key = draftKey("a");
  assert.equal(writeDraft(storage, key, draft), true);
  assert.equal(writeDraft(storage, key, { ...draft, text: "a long text ".repeat(10) }), false);
  dropNote(storage, key);
  assert.equal(readDraft(storage, "a")?.text, "words");
});
