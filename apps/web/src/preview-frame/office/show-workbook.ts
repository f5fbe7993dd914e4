import type { FrameContent, FrameFacts, FrameWords } from "../frame-messages.ts";
import { makeGrid } from "../table/make-grid.ts";
import { tableLimits } from "../table/parse-table.ts";
import { makeNote } from "../table/show-table.ts";
import { openWorkbook } from "./open-workbook.ts";
import type { Sheet } from "./read-sheet.ts";
import { makeTabs, tabId } from "./sheet-tabs.ts";

const panelId = "sheet";

/** @param onFacts called for each further sheet that is shown */
export async function showWorkbook(
  { name, bytes, look, words }: FrameContent,
  onFacts: (facts: FrameFacts) => void,
): Promise<FrameFacts> {
  const workbook = await openWorkbook(bytes, look.locale);
  const first = await workbook.read(0);
  const panel = document.createElement("div");
  panel.id = panelId;
  panel.className = "panel";
  panel.tabIndex = 0;
  let chosen = 0;
  const choose = async (index: number) => {
    chosen = index;
    panel.setAttribute("aria-labelledby", tabId(panelId, index));
    const sheet = await workbook.read(index).catch(() => undefined);
    // A later choice may have been read faster.
    if (chosen !== index) return;
    // A sheet before may have been from right to left.
    panel.dir = look.direction;
    if (sheet === undefined) panel.replaceChildren(Object.assign(makeNote(words.broken), { role: "alert" }));
    else drawSheet(panel, sheet, workbook.names[index] ?? "", words);
    onFacts(sheet === undefined ? {} : factsOf(sheet));
  };
  drawSheet(panel, first, workbook.names[0] ?? "", words);
  document.documentElement.dir = look.direction;
  const root = document.createElement("main");
  root.className = "book";
  root.append(panel);
  const { names } = workbook;
  if (names.length === 1) {
    panel.role = "region";
    panel.ariaLabel = name;
  } else {
    panel.role = "tabpanel";
    panel.setAttribute("aria-labelledby", tabId(panelId, 0));
    const { direction } = look;
    root.prepend(makeTabs({ names, label: name, panelId, direction, onChoose: (index) => void choose(index) }));
  }
  document.body.replaceChildren(root);
  return factsOf(first);
}

function drawSheet(panel: HTMLElement, sheet: Sheet, name: string, words: FrameWords): void {
  const { head, rows, isRtl, hasMoreRows, hasMoreColumns } = sheet;
  const root = document.createElement("div");
  root.className = "sheet";
  // The first column of such a sheet is the rightmost in every language of the interface.
  panel.dir = isRtl ? "rtl" : "ltr";
  if (rows.length > 0) root.append(makeGrid(name, head, rows));
  // Its first cell may be far below.
  else if (!hasMoreRows && !hasMoreColumns) root.append(makeNote(words.empty));
  panel.replaceChildren(root);
  panel.scrollTo(0, 0);
}

function factsOf({ rows, head, hasMoreRows, hasMoreColumns, hasCutCells }: Sheet): FrameFacts {
  return {
    ...(hasMoreRows ? { rowsCount: rows.at(-1)?.number ?? tableLimits.rowsMax } : {}),
    ...(hasMoreColumns
      ? { columnsCount: Math.min(head.cells.length || tableLimits.columnsMax, tableLimits.columnsMax) }
      : {}),
    ...(hasCutCells ? { hasCutCells } : {}),
  };
}
