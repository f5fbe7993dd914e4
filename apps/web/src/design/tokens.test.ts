import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const css = readFileSync(join(import.meta.dirname, "colors.css"), "utf8");
const tokens = new Map(
  [...css.matchAll(/--color-([\w-]+): light-dark\(#([\da-f]{6}), #([\da-f]{6})\);/g)].map(([, name, light, dark]) => [
    name ?? "",
    { light: light ?? "", dark: dark ?? "" },
  ]),
);

const words = 4.5;
const edges = 3;
/** Color pairs with their minimum contrast (WCAG 2.2, 1.4.3 and 1.4.11). */
const pairs: readonly [front: string, back: string, contrastMin: number][] = [
  ...["canvas", "surface", "raised", "hover", "pressed", "selected"].flatMap((back): [string, string, number][] => [
    ["text", back, 7],
    ["muted", back, words],
    ["focus", back, edges],
  ]),
  ...["canvas", "surface", "raised", "hover"].flatMap((back): [string, string, number][] => [
    ["accent", back, words],
    ["danger", back, words],
    ["warning", back, words],
    ["success", back, words],
    ["edge", back, edges],
  ]),
  ...["image", "video", "audio", "table", "slides", "pdf", "document"].flatMap((kind): [string, string, number][] => [
    [`kind-${kind}`, "canvas", edges],
    [`kind-${kind}`, "hover", edges],
    [`kind-${kind}`, "selected", edges],
  ]),
  ["on-accent", "accent", words],
  ["on-accent", "accent-hover", words],
  ["on-accent", "accent-pressed", words],
  ["on-danger", "danger", words],
  ["on-danger", "danger-hover", words],
  // Tooltips.
  ["canvas", "text", words],
];

for (const theme of ["light", "dark"] as const) {
  test(`in the ${theme} theme every text and edge has enough contrast with its background`, () => {
    const tooWeak = pairs.flatMap(([front, back, contrastMin]) => {
      const contrast = contrastOf(colour(front, theme), colour(back, theme));
      return contrast < contrastMin ? [`${front} on ${back}: ${contrast.toFixed(2)}, not ${contrastMin}`] : [];
    });
    assert.deepEqual(tooWeak, []);
  });
}

test("the contrast of black on white is 21, and of a colour on itself 1", () => {
  assert.equal(contrastOf("000000", "ffffff"), 21);
  assert.equal(contrastOf("0b6b5d", "0b6b5d"), 1);
});

function colour(name: string, theme: "light" | "dark"): string {
  const token = tokens.get(name);
  assert.ok(token, `colors.css has no --color-${name} of two themes`);
  return token[theme];
}

function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((left, right) => left - right);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminanceOf(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
