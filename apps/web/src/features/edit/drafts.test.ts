import assert from "node:assert/strict";
import { test } from "node:test";
import { draftKey, dropNote, readDraft, writeDraft } from "./drafts.ts";
import { dropDrafts, unsavedFiles } from "./unsaved-files.ts";

const draft = { text: "words", versionId: "v", name: "a.txt" };

/** Storage whose keys are properties, as in browsers. @param room maximum characters per value */
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

test("each file with unsaved text is listed once, even if it is open in several tabs", () => {
  const storage = makeStorage();
  for (const id of ["a", "a", "b"]) writeDraft(storage, draftKey("ann", id), draft);
  storage.setItem("another key", "{}");
  assert.deepEqual(unsavedFiles(storage, "ann"), [
    { id: "a", name: "a.txt" },
    { id: "b", name: "a.txt" },
  ]);
  dropDrafts(storage, "ann");
  assert.deepEqual(unsavedFiles(storage, "ann"), []);
});

test("a file whose text did not fit is listed, offers no draft, and is forgotten with the text", () => {
  const storage = makeStorage(30);
  const key = draftKey("ann", "a");
  assert.equal(writeDraft(storage, key, { ...draft, text: "a long text ".repeat(10) }), false);
  assert.deepEqual(unsavedFiles(storage, "ann"), [{ id: "a", name: "a.txt" }]);
  assert.equal(readDraft(storage, "ann", "a"), undefined);
  dropNote(storage, key);
  assert.deepEqual(unsavedFiles(storage, "ann"), []);
});

test("a text that has grown too long leaves its earlier draft", () => {
  const storage = makeStorage(60);
  const key = draftKey("ann", "a");
  assert.equal(writeDraft(storage, key, draft), true);
  assert.equal(writeDraft(storage, key, { ...draft, text: "a long text ".repeat(10) }), false);
  dropNote(storage, key);
  assert.equal(readDraft(storage, "ann", "a")?.text, "words");
});

test("another account in the same browser sees no draft, and deletes none at its sign-out", () => {
  const storage = makeStorage();
  writeDraft(storage, draftKey("ann", "a"), draft);
  assert.equal(readDraft(storage, "bob", "a"), undefined);
  assert.deepEqual(unsavedFiles(storage, "bob"), []);
  writeDraft(storage, draftKey("bob", "a"), { ...draft, text: "other words" });
  dropDrafts(storage, "bob");
  assert.equal(readDraft(storage, "bob", "a"), undefined);
  assert.equal(readDraft(storage, "ann", "a")?.text, "words");
});
