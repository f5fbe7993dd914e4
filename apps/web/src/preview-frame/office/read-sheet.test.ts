import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { tableLimits } from "../table/parse-table.ts";
import { openWorkbook } from "./open-workbook.ts";
import { readSheet, type Sheet } from "./read-sheet.ts";
import { excelOf, fileOf } from "./testing-office.ts";

const plain = {
  strings: ["zero", "one"],
  formats: { number: (_: number, value: number) => String(value), boolean: String },
};
const sheetOf = (content: string, limits = tableLimits) =>
  readSheet({ text: `<worksheet>${content}</worksheet>`, isCut: false }, plain, limits);
/** `·` for a cell that another covers, and `→` with the number of covered columns. */
const rowsOf = ({ rows }: Pick<Sheet, "rows">) =>
  rows.map(({ number, cells }) => [
    number,
    cells.map((cell) =>
      cell === undefined ? "·" : cell.text + (cell.columns === undefined ? "" : `→${cell.columns}`),
    ),
  ]);

test("cells are at the positions that they name, and gaps are empty", () => {
  const sheet = sheetOf(
    `<sheetData><row r="2"><c r="B2" t="s"><v>1</v></c><c t="inlineStr"><is><r><t>in</t></r><rPh><t>hint</t></rPh><r><t>line</t></r></is></c></row>
    <row><c><f>1+1</f><v>2</v></c><c t="b"><v>1</v></c><c t="e"><v>#DIV/0!</v></c><c r="E3" t="str"><v>text</v></c></row></sheetData>`,
  );
  assert.deepEqual(rowsOf(sheet), [
    [1, []],
    [2, ["", "one", "inline"]],
    [3, ["2", "true", "#DIV/0!", "", "text"]],
  ]);
  assert.deepEqual(
    sheet.head.cells.map((cell) => cell?.text),
    ["A", "B", "C", "D", "E"],
  );
  assert.deepEqual(
    sheet.rows[2]?.cells.map((cell) => cell?.isNumber),
    [true, false, false, false, false],
  );
});

test("merged cells span their columns, and hidden rows and columns are left out", () => {
  const row = (number: number, more = "") =>
    `<row r="${number}"${more}>${["A", "B", "C", "D"].map((letter) => `<c r="${letter}${number}"><v>${number}</v></c>`).join("")}</row>`;
  const sheet = sheetOf(
    `<sheetViews><sheetView rightToLeft="1"/></sheetViews><cols><col min="2" max="2" hidden="1"/></cols>
    <sheetData>${row(1)}${row(2, ' hidden="1"')}${row(3)}</sheetData>
    <mergeCells><mergeCell ref="A1:C2"/><mergeCell ref="C3:XFD3"/><mergeCell ref="D3:E3"/><mergeCell ref="A9:B9"/><mergeCell ref="x"/></mergeCells>`,
  );
  assert.deepEqual(rowsOf(sheet), [
    [1, ["1→2", "·", "1"]],
    [3, ["3", "3→2", "·"]],
  ]);
  assert.deepEqual([sheet.isRtl, sheet.head.cells.map((cell) => cell?.text)], [true, ["A", "C", "D"]]);
});

test("rows, columns, cells and characters beyond the limits are left out, including empty formatted cells", () => {
  const limits = { rowsMax: 5, columnsMax: 3, cellsMax: 8, cellCharactersMax: 4, cellLinesMax: 2 };
  const far = sheetOf('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', limits);
  assert.deepEqual([far.rows, far.hasMoreRows], [[], true]);
  const format = sheetOf(
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>',
    limits,
  );
  assert.deepEqual([rowsOf(format), format.hasMoreRows, format.hasMoreColumns], [[[1, ["1"]]], false, false]);
  const wide = sheetOf('<row r="1"><c r="ZZZ1"><v>1</v></c><c r="C1" t="str"><v>a long text</v></c></row>', limits);
  assert.deepEqual([rowsOf(wide), wide.hasMoreColumns, wide.hasCutCells], [[[1, ["", "", "a lo"]]], true, true]);
  const full = sheetOf('<row><c r="C1"><v>1</v></c></row>'.repeat(9), limits);
  assert.deepEqual([full.rows.length, full.hasMoreRows], [3, true]);
  const cut = readSheet({ text: "<worksheet><row><c><v>1</v></c></row><row><c><v", isCut: true }, plain);
  assert.deepEqual([rowsOf(cut), cut.hasMoreRows], [[[1, ["1"]]], true]);
});

test("a million merged cells, columns and contradictory positions yield a sheet within the limits", () => {
  const merges = '<mergeCell ref="A1:XFD1048576"/>'.repeat(300_000);
  const columns = '<col min="1" max="16384" hidden="0"/>'.repeat(100_000);
  const sheet = sheetOf(
    `<cols>${columns}</cols><row r="3"><c r="B3"><v>1</v></c><c r="A3"><v>2</v></c></row><row r="1"><c r="A1"><v>3</v></c></row><mergeCells>${merges}</mergeCells>`,
  );
  assert.deepEqual(rowsOf(sheet), [
    [1, []],
    [2, []],
    [3, ["2", "1"]],
    [4, ["3"]],
  ]);
});

test(`any elements in any order yield rows within the limits (HOLDFAST_SEED=${seed} replays)`, () => {
  const limits = { rowsMax: 6, columnsMax: 4, cellsMax: 15, cellCharactersMax: 3, cellLinesMax: 2 };
  const place = fc.constantFrom("A1", "B2", "C3", "D4", "E5", "A9", "XFD1", "x", "");
  const piece = fc.oneof(
    fc.tuple(place, fc.constantFrom("s", "n", "b", "str", "x")).map(([r, t]) => `<c r="${r}" t="${t}"><v>1</v></c>`),
    fc.integer({ min: -1, max: 9 }).map((r) => `</row><row r="${r}">`),
    fc.integer({ min: -1, max: 9 }).map((r) => `</row><row hidden="1" r="${r}">`),
    fc.tuple(place, place).map(([from, to]) => `<mergeCell ref="${from}:${to}"/>`),
    fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer()).map(([a, b]) => `<col min="${a}" max="${b}" hidden="1"/>`),
  );
  const property = fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const { rows, head } = sheetOf(`<row>${pieces.join("")}</row>`, limits);
    assert.ok(rows.length <= limits.rowsMax && head.cells.length <= limits.columnsMax);
    for (const [index, { number, cells }] of rows.entries()) {
      assert.ok((number ?? 0) > (rows[index - 1]?.number ?? 0));
      assert.ok(cells.length <= head.cells.length);
      const columns = cells.reduce((sum, cell) => sum + (cell === undefined ? 0 : (cell.columns ?? 1)), 0);
      assert.equal(columns, cells.length, "each column is covered once");
    }
  });
  fc.assert(property, { numRuns: 500 });
});

const styles = `<numFmts><numFmt numFmtId="164" formatCode="#,##0.00\\ &quot;€&quot;"/><numFmt numFmtId="165" formatCode="d\\.\\ mmmm\\ yyyy"/><numFmt numFmtId="166" formatCode="[[[broken"/><numFmt numFmtId="167" formatCode="${"0".repeat(5000)}"/><numFmt numFmtId="168" formatCode="[$-F800]dddd\\,\\ d\\ mmmm"/></numFmts>
<cellXfs>${[0, 14, 10, 164, 165, 166, 167, 22, 168].map((id) => `<xf numFmtId="${id}"/>`).join("")}</cellXfs>`;

test("numbers and dates use their formats in the app's language", async () => {
  const values = [1234.5, 45_356, 0.256, 1234.5, 45_356, 7, 8, 45_356.75, 45_356];
  const cells = values.map((value, style) => `<c s="${style}"><v>${value}</v></c>`).join("");
  const file = excelOf([{ name: "One", content: `<sheetData><row>${cells}<c t="b"><v>0</v></c></row></sheetData>` }], {
    styles,
  });
  const shown = async (locale: string) => {
    const workbook = await openWorkbook(fileOf(file), locale);
    const [row] = (await workbook.read(0)).rows;
    // Browsers put a narrow space before PM.
    return row?.cells.map((cell) => cell?.text.replaceAll("\u202F", " "));
  };
  const english = [
    "1234.5",
    "03/05/2024",
    "25.60%",
    "1,234.50 €",
    "5. March 2024",
    "7",
    "8",
    "03/05/2024, 06:00 PM",
    "Tuesday, 5 March",
    "FALSE",
  ];
  const german = [
    "1234,5",
    "05.03.2024",
    "25,60%",
    "1.234,50 €",
    "5. März 2024",
    "7",
    "8",
    "05.03.2024, 18:00",
    "Dienstag, 5 März",
    "FALSCH",
  ];
  assert.deepEqual(await shown("en"), english);
  assert.deepEqual(await shown("de"), german);
});

test("a workbook lists its visible sheets, and supports dates counted from 1904", async () => {
  const content = '<sheetData><row><c s="1"><v>0</v></c></row></sheetData>';
  const sheets = [
    { name: "Secret", content, state: "veryHidden" },
    { name: "A &amp; B", content },
  ];
  const properties = '<workbookPr date1904="1"/>';
  const workbook = await openWorkbook(fileOf(excelOf(sheets, { styles, properties })), "de");
  assert.deepEqual(workbook.names, ["A & B"]);
  assert.deepEqual(rowsOf(await workbook.read(0)), [[1, ["01.01.1904"]]]);
  await assert.rejects(openWorkbook(fileOf(excelOf([])), "de"), { message: "office_damaged" });
});
