import { decodeText } from "../code/text-lines.ts";
import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import { type GridRow, makeGrid } from "./make-grid.ts";
import { readTable, tableLimits } from "./parse-table.ts";

type Row = readonly string[];

/** The first row is the header. Rows have the numbers that a spreadsheet would give them. */
export function showTable({ name, bytes, sizeBytes, look, words }: FrameContent): FrameFacts {
  const table = readTable(name, decodeText(bytes));
  const isPart = bytes.byteLength < sizeBytes;
  // The last row of a part may be incomplete.
  const rows = isPart && !table.hasMoreRows && table.rows.length > 1 ? table.rows.slice(0, -1) : table.rows;
  // The page scrolls from the first column, which is the rightmost in a right-to-left interface.
  document.documentElement.dir = look.direction;
  const root = document.createElement("main");
  root.className = "sheet";
  root.tabIndex = 0;
  root.ariaLabel = name;
  const [head, ...body] = gridRows(rows);
  root.append(head === undefined ? makeNote(words.empty) : makeGrid(name, head, body));
  document.body.replaceChildren(root);
  return {
    ...(isPart || table.hasMoreRows ? { rowsCount: rows.length } : {}),
    ...(table.hasMoreColumns ? { columnsCount: tableLimits.columnsMax } : {}),
    ...(table.hasCutCells ? { hasCutCells: true } : {}),
  };
}

export function makeNote(words: string): HTMLElement {
  const note = document.createElement("p");
  note.textContent = words;
  return note;
}

function gridRows(rows: readonly Row[]): GridRow[] {
  const numeric = numericColumns(rows);
  return rows.map((row, index) => ({
    number: index + 1,
    cells: row.map((text, at) => ({ text, isNumber: numeric[at] === true })),
  }));
}

/** Columns that have only numbers below the header. */
function numericColumns(rows: readonly Row[]): readonly boolean[] {
  const columns: boolean[] = [];
  for (const [index, row] of rows.entries()) {
    for (const [at, cell] of row.entries()) {
      columns[at] = (columns[at] ?? rows.length > 1) && (index === 0 || isNumber(cell));
    }
  }
  return columns;
}

const numberCharactersMax = 40;
const numberPattern = /^[+−-]?[.,]?\d[\d.,'’\s]*(?:e[+-]?\d+)?[%€$£]?$/iu;

/** An empty cell may be a missing number. */
function isNumber(cell: string): boolean {
  const text = cell.trim();
  return text === "" || (text.length <= numberCharactersMax && numberPattern.test(text));
}
