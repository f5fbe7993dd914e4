import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { markSvg } from "./mark.ts";

const icons = join(import.meta.dirname, "../../../apps/web/src/icons");
const drawn = (svg: string) => svg.match(/ (?:d|fill|rx|stroke|stroke-width)="[^"]*"/g)?.map((found) => found.trim());
const iconOf = (name: string) => drawn(readFileSync(join(icons, name), "utf8").replaceAll(/\s+/g, " "));

test("static pages show the same mark as the app and its icons", () => {
  const mark = drawn(markSvg());
  assert.equal(mark?.filter((attribute) => attribute.startsWith("d=")).length, 3);
  assert.deepEqual(iconOf("icon.svg"), mark);
  // Systems cut a maskable icon to their own shape.
  assert.deepEqual(
    iconOf("icon-maskable.svg"),
    mark?.filter((attribute) => !attribute.startsWith("rx=")),
  );
});

test("the tag has the attributes for a page, or the namespace for a file", () => {
  assert.match(
    markSvg(' class="mark" aria-hidden="true"'),
    /^<svg viewBox="0 0 512 512" class="mark" aria-hidden="true">/,
  );
  assert.match(markSvg(), /^<svg viewBox="0 0 512 512" xmlns="http:\/\/www\.w3\.org\/2000\/svg">/);
});
