import { decodeText } from "../code/text-lines.ts";
import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import { readTable, tableLimits } from "./parse-table.ts";

type Row = readonly string[];

interface Column {
  readonly characters: number;
  readonly isNumeric: boolean;
}

/** Rows that are laid out together, only near the view. */
const rowsInBlock = 50;
/** Height of a row with one line. */
const rowHeightPx = 33;
const columnCharactersMin = 4;
const columnCharactersMax = 40;
/** Headers are bold, and often in capitals. Both are wider than digits, which are the unit of the widths. */
const headerFactor = 1.3;
/** 25 are the padding and border of a cell. A number without room for its last digit would take two lines. */
const paddingPx = 28;

/** The first row is the header. Rows have the numbers that a spreadsheet would give them. */
export function showTable({ name, bytes, sizeBytes, look }: FrameContent): FrameFacts {
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
  if (rows.length > 0) root.append(makeGrid(name, rows, columnsOf(rows)));
  document.body.replaceChildren(root);
  return {
    ...(isPart || table.hasMoreRows ? { rowsCount: rows.length } : {}),
    ...(table.hasMoreColumns ? { columnsCount: tableLimits.columnsMax } : {}),
    ...(table.hasCutCells ? { hasCutCells: true } : {}),
  };
}

function columnsOf(rows: readonly Row[]): readonly Column[] {
  const columns: Column[] = [];
  const first: Column = { characters: columnCharactersMin, isNumeric: rows.length > 1 };
  for (const [index, row] of rows.entries()) {
    for (const [at, cell] of row.entries()) {
      const { characters, isNumeric } = columns[at] ?? first;
      const wanted = index === 0 ? Math.ceil(cell.length * headerFactor) : cell.length;
      columns[at] = {
        characters: Math.max(characters, Math.min(wanted, columnCharactersMax)),
        isNumeric: isNumeric && (index === 0 || isNumber(cell)),
      };
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

function makeGrid(name: string, rows: readonly Row[], columns: readonly Column[]): HTMLElement {
  const grid = makeElement("table", "grid");
  grid.ariaLabel = name;
  const widths = [String(rows.length).length, ...columns.map(({ characters }) => characters)];
  grid.style.setProperty("--columns", widths.map((width) => `calc(${width}ch + ${paddingPx}px)`).join(" "));
  const total = widths.reduce((sum, width) => sum + width, 0);
  grid.style.inlineSize = `calc(${total}ch + ${widths.length * paddingPx}px)`;
  const [head = [], ...body] = rows;
  const heading = makeRow(head, 1, columns, "columnheader");
  heading.classList.add("head");
  grid.append(heading);
  for (let from = 0; from < body.length; from += rowsInBlock) {
    const near = body.slice(from, from + rowsInBlock);
    const block = makeElement("rowgroup", "block");
    block.style.containIntrinsicBlockSize = `auto ${near.length * rowHeightPx}px`;
    block.append(...near.map((row, index) => makeRow(row, from + index + 2, columns, "cell")));
    grid.append(block);
  }
  return grid;
}

function makeRow(row: Row, number: number, columns: readonly Column[], role: "columnheader" | "cell"): HTMLElement {
  const line = makeElement("row", "row");
  const cells = row.map((text, at) => makeElement(role, columns[at]?.isNumeric === true ? "number" : "", text));
  line.append(makeElement("rowheader", "place", String(number)), ...cells);
  return line;
}

function makeElement(role: string, look: string, text = ""): HTMLElement {
  const element = document.createElement("div");
  element.role = role;
  element.className = look;
  element.textContent = text;
  return element;
}
