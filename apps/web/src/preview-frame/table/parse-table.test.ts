import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { delimiterOf } from "./delimiter-of.ts";
import { parseTable, readTable, tableLimits } from "./parse-table.ts";

const rowsOf = (text: string, delimiter = ",") => parseTable(text, delimiter).rows;

test("quoted cells contain delimiters, line ends and doubled quotes", () => {
  assert.deepEqual(rowsOf('a,"b,c","d\r\ne","f ""g"""\r\n1,,3\n'), [
    ["a", "b,c", "d\r\ne", 'f "g"'],
    ["1", "", "3"],
  ]);
  assert.deepEqual(rowsOf('"";"a;"\n', ";"), [["", "a;"]]);
});

test("malformed CSV still yields a table", () => {
  for (const [text, rows] of [
    ["", []],
    ["\n", [[""]]],
    ["a", [["a"]]],
    ["a,", [["a", ""]]],
    ["a\rb\r\n\nc", [["a"], ["b"], [""], ["c"]]],
    ["a\nb,c\n", [["a"], ["b", "c"]]],
    ['5" pipe,b "c" d', [['5" pipe', 'b "c" d']]],
    ['"a" b,c', [["a b", "c"]]],
    ['"never closed,\nb', [["never closed,\nb"]]],
    ['"', [[""]]],
    ['""""', [['"']]],
  ] as const)
    assert.deepEqual(rowsOf(text), rows, JSON.stringify(text));
});

test("rows, columns, cells and characters beyond the limits are left out", () => {
  const lines = parseTable("a\n".repeat(tableLimits.rowsMax + 1), ",");
  assert.deepEqual([lines.rows.length, lines.hasMoreRows, lines.hasMoreColumns], [tableLimits.rowsMax, true, false]);
  assert.equal(parseTable("a\n".repeat(tableLimits.rowsMax), ",").hasMoreRows, false);
  const wide = parseTable(`${",".repeat(5 << 20)}\nb`, ",");
  assert.deepEqual([wide.rows[0]?.length, wide.rows[1], wide.hasMoreColumns], [tableLimits.columnsMax, ["b"], true]);
  const full = parseTable(`${",".repeat(199)}\n`.repeat(2000), ",");
  assert.deepEqual([full.rows.length, full.hasMoreRows], [1000, true]);
  for (const text of ["x".repeat(5 << 20), `"${'""'.repeat(2 << 20)}"`, `"${"x".repeat(5 << 20)}`]) {
    const long = parseTable(`${text}\n`, ",");
    assert.deepEqual([long.rows[0]?.[0]?.length, long.hasCutCells], [tableLimits.cellCharactersMax, true]);
  }
  const poem = parseTable(`"${"a\n".repeat(tableLimits.cellLinesMax)}"\n"${"b\r\n".repeat(9)}"\n`, ",");
  assert.deepEqual(poem.rows, [["a\n".repeat(tableLimits.cellLinesMax).trim()], ["b\r\n".repeat(9)]]);
  assert.ok(poem.hasCutCells);
  const limits = { ...tableLimits, cellCharactersMax: 3 };
  assert.deepEqual(parseTable('a😀😀,"a😀""b",ab😀c', ",", limits).rows, [["a😀", "a😀", "ab"]]);
});

const cell = fc.string({ unit: fc.constantFrom("a", "1", " ", '"', ",", ";", "\t", "|", "\n", "\r", "é", "😀") });

const table = fc
  .integer({ min: 1, max: 6 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 20 }));

const written = (rows: readonly (readonly string[])[], delimiter: string, end: string) =>
  rows.map((row) => row.map(quoted).join(delimiter) + end).join("");
const quoted = (text: string) => (/["\t;|,\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

test(`a table written as CSV parses into the same cells and delimiter (HOLDFAST_SEED=${seed} replays)`, () => {
  const property = fc.property(
    table,
    fc.constantFrom(",", ";", "\t", "|"),
    fc.constantFrom("\n", "\r\n", "\r"),
    (rows, delimiter, end) => {
      const text = written(rows, delimiter, end);
      if ((rows[0]?.length ?? 0) > 1) assert.equal(delimiterOf("table.csv", text), delimiter);
      assert.deepEqual(rowsOf(text, delimiter), rows);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test(`any text yields a table within the limits (HOLDFAST_SEED=${seed} replays)`, () => {
  const limits = { rowsMax: 5, columnsMax: 4, cellsMax: 12, cellCharactersMax: 3, cellLinesMax: 2 };
  const text = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r"), maxLength: 200 });
  const property = fc.property(text, (given) => {
    const { rows, hasMoreRows, hasMoreColumns, hasCutCells } = parseTable(given, delimiterOf("", given), limits);
    assert.ok(rows.length <= limits.rowsMax);
    for (const row of rows) {
      assert.ok(row.length > 0 && row.length <= limits.columnsMax);
      for (const each of row)
        assert.ok(each.length <= limits.cellCharactersMax && each.split(/\r\n?|\n/).length <= limits.cellLinesMax);
    }
    const isWhole = !hasMoreRows && !hasMoreColumns && !hasCutCells;
    const free = { rowsMax: 1000, columnsMax: 1000, cellsMax: 1000, cellCharactersMax: 1000, cellLinesMax: 1000 };
    if (isWhole) assert.deepEqual(rows, parseTable(given, delimiterOf("", given), free).rows);
  });
  fc.assert(property, { numRuns: 500 });
});

test("the delimiter is the character with equal counts in most of the first lines, outside quotes", () => {
  for (const [text, delimiter] of [
    ["a,b\n1,2\n", ","],
    ["Name;Preis\nA;1,50\nB;2,30\n", ";"],
    ["1,5;2,5;3,5\n4,5;5,5;6,5\n", ";"],
    ["Account statement\n\nDate;Amount;Text\n1;2,00;a, b\n2;3,00;c\n", ";"],
    ['a,b\n"x;y;z",1\n"x;y;z",2\n', ","],
    ['a,b\n"x\ny;z",1\n', ","],
    ["a\tb\n1,2\t3\n", "\t"],
    ["a|b\n1|2\n", "|"],
    ["one column\n", ","],
    ["", ","],
  ] as const)
    assert.equal(delimiterOf("table.csv", text), delimiter, JSON.stringify(text));
  assert.equal(delimiterOf("table.TSV", "a,b\n"), "\t");
});

test("Excel's sep= line sets the delimiter and is not a row", () => {
  const rows = (text: string) => readTable("table.csv", text).rows;
  for (const text of ["sep=;\na,b;c\n", "SEP=;\r\na,b;c\r\n", "sep=;\ra,b;c"])
    assert.deepEqual(rows(text), [["a,b", "c"]], JSON.stringify(text));
  assert.deepEqual(rows("sep=^\n1^2"), [["1", "2"]]);
  assert.deepEqual(rows("sep=,"), []);
  for (const text of ["sep=", "sep=;;", "sep=ab", 'sep="', "a\nsep=;"])
    assert.deepEqual(rows(text), parseTable(text, delimiterOf("table.csv", text)).rows, JSON.stringify(text));
});
