import assert from "node:assert/strict";
import { test } from "node:test";
import type { SettingJson } from "@holdfast/protocol/admin-routes";
import { enLater } from "../../messages/en-later.ts";
import { en } from "../../messages/en.ts";
import { makeMessages } from "../../messages/messages.ts";
import { findSettings } from "./find-settings.ts";
import { valueWords } from "./setting-value.ts";

const words = makeMessages({ ...en, ...enLater }, "en-GB");

function setting(name: string, value: unknown, more: Partial<SettingJson> = {}): SettingJson {
  return { name, value, secret: false, source: "environment", ...more };
}

test("settings are found by parts of their name, variable or description, ignoring case", () => {
  const settings = [
    setting("smtp_url", "smtp://mail.example.org"),
    setting("listen", "127.0.0.1:8420", { source: "default" }),
    setting("a_newer_one", 1),
  ];
  const found = (text: string, onlySet = false) =>
    findSettings(settings, { text, onlySet }, words).map(({ name }) => name);
  assert.deepEqual(found("  "), ["smtp_url", "listen", "a_newer_one"]);
  assert.deepEqual(found("no E-MAIL"), ["smtp_url"]);
  assert.deepEqual(found("HOLDFAST_LISTEN"), ["listen"]);
  assert.deepEqual(found("newer"), ["a_newer_one"]);
  assert.deepEqual(found("", true), ["smtp_url", "a_newer_one"]);
  assert.deepEqual(found("no such words"), []);
});

test("a value is formatted for people, and a secret only shows as set or not", () => {
  const text = (...given: Parameters<typeof setting>) =>
    valueWords(setting(...given), words).text.replaceAll(/[\u00A0\u202F]/g, " ");
  assert.equal(text("open_registration", false), "Off");
  assert.equal(text("rate_limit_user", 12_000), "12,000");
  assert.equal(text("rate_limit_user", 0), "Off");
  assert.equal(text("behind_proxy", 0), "0");
  assert.equal(text("thumb_cache_bytes", 4e9), "3.7 GiB");
  assert.equal(text("smtp_url", null, { source: "default" }), "Not set");
  assert.equal(text("plans", { free: 1 }), '{"free":1}');
  assert.equal(text("admin_password", "it must not come here", { secret: true }), "Set (hidden)");
  assert.equal(text("admin_password", null, { secret: true, source: "default" }), "Not set");
});
