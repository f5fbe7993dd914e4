export interface GridRow {
  /** Its number in a spreadsheet; undefined for the letters of columns. */
  readonly number: number | undefined;
  /** One for each column; undefined for a cell that an earlier one covers. Cells at the end may be absent. */
  readonly cells: readonly (GridCell | undefined)[];
}

export interface GridCell {
  readonly text: string;
  readonly isNumber: boolean;
  readonly columns?: number;
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

export function makeGrid(name: string, head: GridRow, body: readonly GridRow[]): HTMLElement {
  const grid = makeElement("table", "grid");
  grid.ariaLabel = name;
  const widths = [String(body.at(-1)?.number ?? "1").length, ...columnWidths(head, body)];
  grid.style.setProperty("--columns", widths.map((width) => `calc(${width}ch + ${paddingPx}px)`).join(" "));
  const total = widths.reduce((sum, width) => sum + width, 0);
  grid.style.inlineSize = `calc(${total}ch + ${widths.length * paddingPx}px)`;
  const heading = makeRow(head, "columnheader");
  heading.classList.add("head");
  grid.append(heading);
  for (let from = 0; from < body.length; from += rowsInBlock) {
    const near = body.slice(from, from + rowsInBlock);
    const block = makeElement("rowgroup", "block");
    block.style.containIntrinsicBlockSize = `auto ${near.length * rowHeightPx}px`;
    block.append(...near.map((row) => makeRow(row, "cell")));
    grid.append(block);
  }
  return grid;
}

/** In characters. */
function columnWidths(head: GridRow, body: readonly GridRow[]): readonly number[] {
  const widths: number[] = [];
  for (const row of [head, ...body]) {
    for (const [at, cell] of row.cells.entries()) {
      const isWide = cell?.columns !== undefined;
      const length = cell === undefined || isWide ? 0 : cell.text.length;
      const wanted = row === head ? Math.ceil(length * headerFactor) : length;
      widths[at] = Math.max(widths[at] ?? columnCharactersMin, Math.min(wanted, columnCharactersMax));
    }
  }
  return widths;
}

function makeRow({ number, cells }: GridRow, role: "columnheader" | "cell"): HTMLElement {
  const line = makeElement("row", "row");
  // A header without text would be an error.
  line.append(makeElement(number === undefined ? "cell" : "rowheader", "place", String(number ?? "")));
  for (const cell of cells) {
    if (cell === undefined) continue;
    const { text, isNumber, columns } = cell;
    const element = makeElement(role, isNumber ? "number" : "", text);
    if (columns !== undefined) {
      element.ariaColSpan = String(columns);
      element.style.gridColumn = `span ${columns}`;
    }
    line.append(element);
  }
  return line;
}

function makeElement(role: string, look: string, text = ""): HTMLElement {
  const element = document.createElement("div");
  element.role = role;
  element.className = look;
  element.textContent = text;
  return element;
}
