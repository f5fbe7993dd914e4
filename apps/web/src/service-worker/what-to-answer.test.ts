import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { appPlaces, whatToAnswer } from "./what-to-answer.ts";

const origin = "https://drive.example";
const answerer = (path: string, given: { mode?: string; method?: string; destination?: string } = {}) =>
  whatToAnswer({ method: "GET", mode: "cors", destination: "", ...given, url: new URL(path, origin).href }, origin);

test("the app's places return its page, and hashed files are answered from the cache", () => {
  for (const path of ["/", "/files", "/files/01abc?open=x", "/f/01abc", "/settings/offline", "/sign-in?next=/files"])
    assert.equal(answerer(path, { mode: "navigate" }), "page", path);
  assert.equal(answerer("/assets/first-Ds1FmKNk.js"), "asset");
  assert.equal(answerer(`/api/v1/thumbs/${"a".repeat(64)}/s?t=tag`, { mode: "no-cors" }), "thumb");
});

test("other requests pass through: API, downloads, link pages, other hosts and writes", () => {
  const pages =
    "/s/token /setup /invite /api/docs /api/v1/files/x/download?sig=y /preview-frame /health/ready /metrics";
  for (const path of pages.split(" ")) assert.equal(answerer(path, { mode: "navigate" }), "none", path);
  const large = `/api/v1/thumbs/${"a".repeat(64)}/l`;
  for (const path of ["/api/v1/account", "/files", "/s/token/list", "/service-worker.js", "/api/v1/thumbs/x/s", large])
    assert.equal(answerer(path), "none", path);
  assert.equal(answerer("/files", { mode: "navigate", method: "POST" }), "none");
  assert.equal(answerer("/receive", { method: "POST" }), "none", "a script");
  const form = { mode: "navigate", method: "POST", destination: "document" };
  assert.equal(answerer("https://elsewhere.example/receive", form), "none");
  assert.equal(answerer("https://elsewhere.example/assets/a.js"), "none");
});

test("the worker receives shared files, which arrive as a form, and then opens the page", () => {
  const form = { mode: "navigate", method: "POST" };
  assert.equal(answerer("/receive", { ...form, destination: "document" }), "parcel");
  assert.equal(answerer("/receive", { ...form, destination: "iframe" }), "none");
  assert.equal(answerer("/receive?problem=too_many", { mode: "navigate" }), "page");
});

test("every place of the router opens offline, except those of links with a secret", () => {
  const router = readFileSync(join(import.meta.dirname, "../routes/router.tsx"), "utf8");
  const places = [...router.matchAll(/\bpath: "\/([^/"]*)/g)].map(([, first = ""]) => first);
  assert.ok(places.length > 10);
  assert.deepEqual(new Set(places.filter((place) => place !== "setup" && place !== "invite")), appPlaces);
});
