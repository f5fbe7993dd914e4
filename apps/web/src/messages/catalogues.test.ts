import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { deLater } from "./de-later.ts";
import { de } from "./de.ts";
import { enLater } from "./en-later.ts";
import { en } from "./en.ts";
import type { Words } from "./message-types.ts";

const source = join(import.meta.dirname, "..");
const formsOf = (words: Words) => (typeof words === "string" ? [words] : Object.values(words as object).map(String));
const placeholdersOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").toSorted();
const english: Readonly<Record<string, Words>> = { ...en, ...enLater };
const german: Readonly<Record<string, Words>> = { ...de, ...deLater };

test("both catalogs have the same keys, with the same placeholders in every plural form", () => {
  assert.deepEqual(Object.keys(german).toSorted(), Object.keys(english).toSorted());
  for (const [key, words] of Object.entries(english)) {
    // The form "one" may omit the number: "a file".
    const names = (entry: Words) => new Set(formsOf(entry).flatMap(placeholdersOf));
    assert.deepEqual([...names(german[key] ?? "")].toSorted(), [...names(words)].toSorted(), key);
  }
});

test("no message about a conflict blames another person, because it may be another device of the user", () => {
  const guesses =
    /(?:someone|somebody)(?: else)? (?:has )?(?:changed|saved)|by (?:someone|somebody) else|by both|two people|jemand (?:anderem|anders|hat (?:es|sie|das|diese \w+)?\s?inzwischen)|(?:von|haben) beiden?|zwei (?:leute|personen)/i;
  for (const [key, words] of [...Object.entries(english), ...Object.entries(german)])
    for (const text of formsOf(words)) assert.doesNotMatch(text, guesses, key);
});

test("no key belongs to two nouns, and every noun is in its catalog", async () => {
  for (const [language, catalogue] of [
    ["en", english],
    ["de", german],
  ] as const) {
    const keys: string[] = [];
    for (const file of readdirSync(join(import.meta.dirname, language))) {
      const nouns = (await import(join(import.meta.dirname, language, file))) as Record<string, Record<string, Words>>;
      keys.push(...Object.values(nouns).flatMap((noun) => Object.keys(noun)));
    }
    assert.deepEqual(keys.toSorted(), Object.keys(catalogue).toSorted(), language);
  }
});

test("messages of late catalogs are only used by parts that wait for them", () => {
  const nouns = [...new Set(Object.keys(enLater).map((key) => key.split(".")[0] ?? ""))];
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path));
  const routes = files.filter((path) => path.startsWith("routes/")).map((path) => join(source, path));
  const waiting = routes.flatMap((file) => waitingIn(file));
  // Parts of features may be loaded later too.
  const alone = withNeighbours(files.flatMap((path) => waitingIn(join(source, path))));
  // Files that are loaded later, and the features that they use.
  const isPlace = (file: string) => routes.includes(file);
  const features = new Set(
    waiting.flatMap((file) =>
      isPlace(file)
        ? [...readFileSync(file, "utf8").matchAll(/"\.\.\/features\/([\w-]+)\//g)].map(([, name]) => name)
        : [relative(join(source, "features"), file).split("/")[0]],
    ),
  );
  assert.ok(waiting.length > 0 && features.size > 0);
  const key = new RegExp(`["\`](?:${nouns.join("|")})\\.[\\w$]`);
  const early = files
    .filter(
      (path) => /^(?:routes|features|design|commands|data|upload)\/.*\.tsx?$/.test(path) && !path.endsWith(".test.ts"),
    )
    .filter((path) => !alone.has(join(source, path)) && !features.has(path.split("/")[1]))
    .filter((path) => key.test(readFileSync(join(source, path), "utf8")));
  assert.deepEqual(early, []);
});

test("a part that waits for its messages on one page waits on every page", () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts"))
    .map((path) => join(source, path));
  const waiting = new Set(files.flatMap((file) => waitingIn(file)));
  const early = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/(?<!withWords\()import\("(\.[^"]+)"\)/g)]
      .map(([, path = ""]) => join(file, "..", path))
      .filter((path) => waiting.has(path))
      .map((path) => `${relative(source, file)} loads ${relative(source, path)}`),
  );
  assert.ok(waiting.size > 10);
  assert.deepEqual(early, []);
});

test("no message is empty, has outer spaces, blames or apologizes", () => {
  for (const [key, words] of [...Object.entries(english), ...Object.entries(german)]) {
    for (const form of formsOf(words)) {
      assert.equal(form, form.trim(), key);
      assert.notEqual(form, "", key);
      assert.doesNotMatch(form, /\b([Oo]ops|[Ss]orry|[Uu]ps|[Hh]oppla|[Ii]nvalid|Sie haben|Ihr(en|em|er|es)?)\b/, key);
      assert.doesNotMatch(form, /\.\.\.|"/, `${key}: … and “ ”`);
    }
  }
});

function withNeighbours(files: readonly string[]): ReadonlySet<string> {
  const all = new Set(files);
  for (const file of all) {
    const imports = readFileSync(file, "utf8").matchAll(/ from "(\.\/[^"]+)"/g);
    for (const [, path = ""] of imports) all.add(join(file, "..", path));
  }
  return all;
}

function waitingIn(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/withWords\(import\("(\.[^"]+)"\)\)/g)].map(([, path = ""]) =>
    join(file, "..", path),
  );
}
