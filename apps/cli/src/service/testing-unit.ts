import assert from "node:assert/strict";

export function lineOf(unit: string, key: string): string {
  return (
    unit
      .split("\n")
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1) ?? ""
  );
}

/** Parses double-quoted words as in systemd.syntax(7): C escapes, and `%%` for `%`. */
export function wordsOf(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  assert.equal(words.join(" "), line, "nothing stands outside of quotes");
  return words.map((word) => {
    const text = word.slice(1, -1).replaceAll(/\\(.)/g, "$1");
    assert.doesNotMatch(text.replaceAll("%%", ""), /%/);
    return text.replaceAll("%%", "%");
  });
}
