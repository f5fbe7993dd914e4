import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionAt, mentionedIn, mentionParts, suggestReaders } from "./mention-text.ts";

const ann = { id: "1", name: "Ann" };
const annBerg = { id: "2", name: "Ann Berg" };
const [ben, otherBen] = [
  { id: "3", name: "Ben" },
  { id: "4", name: "Ben" },
];

test("a mention is the longest matching name after an @ that begins a word", () => {
  const marked = (text: string, people = [ann, annBerg, ben]) =>
    mentionParts(text, people)
      .map(({ text: part, person }) => (person === undefined ? part : `[${part}]`))
      .join("");
  assert.equal(marked("@Ann Berg and @Ann, see (@Ben)"), "[@Ann Berg] and [@Ann], see ([@Ben])");
  for (const text of ["@Anna", "@Ann\u0308", "ann@Ann", "@ann", "@ Ann", "Ann", "", "@"])
    assert.equal(marked(text), text);
  assert.equal(marked("@Zoë😀 @😀", [{ id: "5", name: "Zoë😀" }]), "[@Zoë😀] @😀");
  assert.equal(marked("@@Ben@Ben"), "@[@Ben]@Ben");
  assert.equal(
    marked("@(x) @", [
      { id: "6", name: "" },
      { id: "7", name: "(x)" },
    ]),
    "[@(x)] @",
  );
});

test("only people whose name is still in the text are mentioned, each once", () => {
  const ids = (text: string, people = [ann, ben, otherBen]) => mentionedIn(text, people).map(({ id }) => id);
  assert.deepEqual(ids("@Ben @Ann @Ben @Ben"), ["3", "1", "4"]);
  assert.deepEqual(ids("@Ben, Ann"), ["3"]);
  assert.deepEqual(ids("nobody"), []);
});

test("an unfinished mention spans from the @ to the cursor, over at most three words", () => {
  const at = (text: string) => {
    const cursor = text.indexOf("|");
    return mentionAt(text.replace("|", ""), cursor);
  };
  assert.deepEqual(at("See @|"), { from: 4, wanted: "" });
  assert.deepEqual(at("See @an|n"), { from: 4, wanted: "an" });
  assert.deepEqual(at("@Ann Maria B|"), { from: 0, wanted: "Ann Maria B" });
  assert.deepEqual(at("@Ann (@b|"), { from: 6, wanted: "b" });
  for (const text of ["|@an", "@ann |", "@ a|", "mia@exam|", "@one two three four|", "@a\nb|", `@${"a".repeat(101)}|`])
    assert.equal(at(text), undefined, text);
});

test("people are suggested by the start of a word of their name or of their address, each once", () => {
  const people = [
    { id: "1", name: "Zoë Müller", email: "zm@example.org" },
    { id: "2", name: "Mia Zott" },
    { id: "1", name: "Zoë Müller" },
  ];
  const ids = (wanted: string) => suggestReaders(people, wanted).map(({ id }) => id);
  assert.deepEqual(ids(""), ["1", "2"]);
  assert.deepEqual(ids("zo"), ["1", "2"]);
  assert.deepEqual(ids("zoe mul"), ["1"]);
  assert.deepEqual(ids("ZM"), ["1"]);
  for (const wanted of ["oe", "ott", "mia m", "example"]) assert.deepEqual(ids(wanted), []);
  assert.equal(suggestReaders(people, "zo")[0], people[0], "the entry with the address");
});
