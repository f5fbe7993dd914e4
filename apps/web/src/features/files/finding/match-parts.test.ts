import assert from "node:assert/strict";
import { test } from "node:test";
import { matchParts } from "./match-parts.ts";

test("matched parts keep the name's spelling, with any accents and letters", () => {
  const marked = (name: string, text: string) =>
    matchParts(name, text)
      .map(({ text: part, isMatch }) => (isMatch ? `[${part}]` : part))
      .join("");
  assert.equal(marked("Café Rechnung.pdf", "cafe RECH"), "[Café] [Rech]nung.pdf");
  assert.equal(marked("Cafe\u0301.pdf", "café"), "[Cafe\u0301].pdf");
  assert.equal(marked("ﬁle.txt", "fi"), "[ﬁ]le.txt");
  assert.equal(marked("a😀b", "b"), "a😀[b]");
  assert.equal(marked("plan.txt", "zebra"), "plan.txt");
  assert.equal(marked("", "x"), "");
});
