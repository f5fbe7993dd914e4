import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { Listing } from "./listing.ts";
import { columnsOf } from "./text.ts";

function shownOn(columns: number, rows: readonly (readonly string[])[]): string[] {
  const titles = [{ title: "ID" }, { title: "SEEN", word: "seen" }, { title: "PATH", shortens: true }] as const;
  return new Listing({ isTerminal: true, columns }, titles, "There are no rows.").lines(rows);
}

test("a table with space has titles; one without shortens names and paths in the middle", () => {
  const long = `/photos/${"long/".repeat(8)}a.jpg`;
  const rows = [
    ["1", "seen today", "/a"],
    ["22", "seen on Monday", long],
  ];
  assert.deepEqual(shownOn(80, rows), ["ID  SEEN       PATH", "1   today      /a", `22  on Monday  ${long}`]);
  assert.deepEqual(shownOn(50, rows), [
    "ID  SEEN       PATH",
    "1   today      /a",
    "22  on Monday  /photos/lon…g/long/long/long/a.jpg",
  ]);
  assert.deepEqual(shownOn(50, [["22", "", "/写真/二〇二六年の夏休みの思い出の写真/日本語のファイル.jpg"]]), [
    "ID  PATH",
    "22  /写真/二〇二六…出の写真/日本語のファイル.jpg",
  ]);
});

test("a table that is still too wide lists each row's fields vertically, and never shortens an ID", () => {
  const id = "01a21dab-7575-8969-9bea-6cb0956ae16d";
  const rows = [
    [id, "seen 2026-11-27 16:27", "/photos/a very long name of a holiday.jpg"],
    [`${id}-2`, "-", "/b"],
  ];
  assert.deepEqual(shownOn(60, rows), [
    `ID    ${id}`,
    "SEEN  2026-11-27 16:27",
    "PATH  /photos/a very long name of a holiday.jpg",
    "",
    `ID    ${id}-2`,
    "PATH  /b",
  ]);
  assert.deepEqual(shownOn(30, rows).slice(0, 5), [
    "ID",
    id,
    "SEEN  2026-11-27 16:27",
    "PATH  /photos/a very long",
    "      name of a holiday.jpg",
  ]);
  const listing = new Listing({ isTerminal: true, columns: 30 }, [{ title: "ID" }, { title: "SEEN" }], "");
  assert.deepEqual(listing.lines([[id, "x"]]), ["ID", id, "SEEN  x"]);
  assert.deepEqual(listing.lines([["2", "y"]]), ["", "ID    2", "SEEN  y"], "no later page is a table without titles");
  const script = new Listing({ isTerminal: false }, [{ title: "ID" }, { title: "PATH", shortens: true }], "");
  assert.deepEqual(script.lines([[id, "n".repeat(500)]]), [`${id}  ${"n".repeat(500)}`]);
});

test("paths at the end of a line stay whole for copying", () => {
  const titles = [{ title: "ID" }, { title: "OWNER", shortens: true }, { title: "PATH", overflows: true }] as const;
  const long = `/photos/${"long/".repeat(8)}a.jpg`;
  const shownAt = (columns: number, owner: string) =>
    new Listing({ isTerminal: true, columns }, titles, "").lines([["1", owner, long]]);
  assert.deepEqual(shownAt(50, "Ada"), ["ID  OWNER  PATH", `1   Ada    ${long}`]);
  assert.deepEqual(shownAt(50, "Ada Augusta King, Countess of Lovelace"), [
    "ID  OWNER                            PATH",
    `1   Ada August…Countess of Lovelace  ${long}`,
  ]);
  assert.deepEqual(shownAt(22, "Ada"), ["ID     1", "OWNER  Ada", "PATH", long]);
});

test("a narrow terminal shows a column in which - is a value, and omits the one that yields", () => {
  const columns = [
    { title: "KIND", keeps: true },
    { title: "MODIFIED" },
    { title: "VERSION", yields: true },
    { title: "NAME", overflows: true },
  ] as const;
  const listing = new Listing({ isTerminal: true, columns: 40 }, columns, "");
  const row = (kind: string, name: string) => [kind, "2026-11-28 19:27", "v1", name];
  assert.deepEqual(listing.lines([row("-", "a.txt"), row("-", "a name of thirty-two characters…")]), [
    "KIND  MODIFIED          NAME",
    "-     2026-11-28 19:27  a.txt",
    "-     2026-11-28 19:27  a name of thirty-two characters…",
  ]);
  assert.deepEqual(listing.lines([row("d", "b")]), ["d     2026-11-28 19:27  b"]);
  const narrow = new Listing({ isTerminal: true, columns: 28 }, columns, "");
  assert.deepEqual(narrow.lines([row("-", "a.txt")]), [
    "KIND      -",
    "MODIFIED  2026-11-28 19:27",
    "VERSION   v1",
    "NAME      a.txt",
  ]);
});

test("names that would look the same if shortened are listed whole", () => {
  const long = "in the mountains ".repeat(3);
  const rows = [1, 2].map((day) => ["1", "", `/photos/${long}2026-07-0${day} ${long}.jpg`]);
  assert.match(shownOn(60, rows).join("\n"), /2026-07-01[^]*2026-07-02/);
  assert.ok(!shownOn(60, rows).join("").includes("…"));
  assert.ok(shownOn(60, rows).every((line) => line.length < 60));
});

test("names may look the same in a column that allows it", () => {
  const columns = [{ title: "WHEN" }, { title: "WHAT", shortens: "alike" }] as const;
  const rows = [1, 2].map((day) => [`today`, `the photo of day ${day} in the mountains`]);
  const listing = new Listing({ isTerminal: true, columns: 30 }, columns, "");
  assert.deepEqual(listing.lines(rows), ["WHEN   WHAT", ...rows.map(() => "today  the pho… the mountains")]);
});

test("no line of a table is wider than the terminal", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", " ", "/", "é", "日", "🏔️", "\u001b"), maxLength: 90 });
  const row = fc.tuple(fc.constantFrom("1", "22"), fc.constantFrom("", "seen today"), cell);
  const property = fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 30, max: 120 }), (rows, columns) => {
    for (const line of shownOn(columns, rows)) assert.ok(columnsOf(line) < columns, line);
  });
  fc.assert(property);
});

test("later pages keep the columns of the first, or widen them", () => {
  const columns = [
    { title: "KIND" },
    { title: "SIZE", right: true },
    { title: "NAME", shortens: true },
    { title: "PATH", overflows: true },
  ] as const;
  const shownPages = [
    [["-x", "1023 B", "写真".repeat(5), "/long/".repeat(30)]],
    [["-", "1 B", "a", "/b"]],
    [["-", "1,000 GiB", "é", "/c"]],
    [["d", "2 B", "d", "/d"]],
  ];
  const shown = (listing: Listing) => shownPages.flatMap((rows) => listing.lines(rows));
  assert.deepEqual(shown(new Listing({ isTerminal: true, columns: 60 }, columns, "")), [
    "KIND    SIZE  NAME                  PATH",
    `-x    1023 B  写真写真写真写真写真  ${"/long/".repeat(30)}`,
    "-        1 B  a                     /b",
    "-     1,000 GiB  é                     /c",
    "d           2 B  d                     /d",
  ]);
  assert.deepEqual(shown(new Listing({ isTerminal: false }, columns, "")), [
    `-x  1023 B  写真写真写真写真写真  ${"/long/".repeat(30)}`,
    "-      1 B  a                     /b",
    "-   1,000 GiB  é                     /c",
    "d         2 B  d                     /d",
  ]);
});

test("a later page that does not fit the first one's columns begins a table with titles", () => {
  const columns = [{ title: "NAME", shortens: true }, { title: "ENDS" }, { title: "ID" }] as const;
  const listing = new Listing({ isTerminal: true, columns: 40 }, columns, "");
  assert.deepEqual(listing.lines([["a name of twenty-five cha", "-", "0123456789"]]), [
    "NAME                       ID",
    "a name of twenty-five cha  0123456789",
  ]);
  assert.deepEqual(listing.lines([["b", "-", "1"]]), ["b                          1"]);
  assert.deepEqual(
    listing.lines([["c", "today", "2"]]),
    ["", "NAME  ENDS   ID", "c     today  2"],
    "ENDS was left out",
  );
  assert.deepEqual(listing.lines([["d", "x", "3"]]), ["d     x      3"]);
  const long = "the name of somebody with three names";
  assert.deepEqual(listing.lines([[long, "x", "4"]]), ["the name …dy with three names  x      4"], "today has five");
});

test("empty columns give up their width where it is scarce, and an empty list says so", () => {
  const titles = [{ title: "NAME" }, { title: "ENDS" }, { title: "ID" }] as const;
  const rows = [
    ["n".repeat(40), "-", "i".repeat(36)],
    ["ada", "-", "0"],
  ];
  const shown = (columns: number, given = rows) =>
    new Listing({ isTerminal: true, columns }, titles, "There are no rows.").lines(given);
  assert.deepEqual(shown(80), [
    `${"NAME".padEnd(42)}ID`,
    `${"n".repeat(40)}  ${"i".repeat(36)}`,
    `${"ada".padEnd(42)}0`,
  ]);
  assert.match(shown(100)[0] ?? "", /ENDS/);
  assert.deepEqual(shown(80, []), ["There are no rows."]);
  assert.deepEqual(new Listing({ isTerminal: false }, titles, "There are no rows.").lines([]), []);
});
