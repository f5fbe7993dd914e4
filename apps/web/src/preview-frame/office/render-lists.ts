import type { Block, Paragraph } from "./document-model.ts";

interface OpenList {
  readonly element: HTMLElement;
  readonly list: string;
  readonly depth: number;
  readonly isOrdered: boolean;
}

/** Puts paragraphs that are points of a list into nested lists. */
export function renderLists(blocks: readonly Block[], render: (block: Block) => HTMLElement): HTMLElement[] {
  const top: HTMLElement[] = [];
  let open: readonly OpenList[] = [];
  for (const block of blocks) {
    const element = render(block);
    const point = block.kind === "paragraph" && block.level === undefined ? block.point : undefined;
    if (block.kind !== "paragraph" || point === undefined) {
      open = [];
      top.push(element);
      continue;
    }
    open = openLists(open, point, block.isRtl);
    const [outermost] = open;
    if (outermost !== undefined && outermost.element !== top.at(-1)) top.push(outermost.element);
    const item = document.createElement("li");
    // The browser would count each list for itself, and without the numbers of the levels above.
    if (point.label !== undefined) item.style.listStyleType = quoted(point.label);
    item.append(element);
    open.at(-1)?.element.append(item);
  }
  return top;
}

/** @returns the lists around the point, outermost first */
function openLists(
  open: readonly OpenList[],
  { list, depth, label }: NonNullable<Paragraph["point"]>,
  isRtl: boolean,
): readonly OpenList[] {
  const isOrdered = label !== undefined;
  const lists = open.filter((each) => each.depth <= depth);
  const last = lists.at(-1);
  if (last?.depth === depth && last.list === list && last.isOrdered === isOrdered) return lists;
  // Levels that a point skips do not exist.
  const around = last?.depth === depth ? lists.slice(0, -1) : lists;
  const element = document.createElement(isOrdered ? "ol" : "ul");
  element.dir = isRtl ? "rtl" : "auto";
  around.at(-1)?.element.lastElementChild?.append(element);
  return [...around, { element, list, depth, isOrdered }];
}

function quoted(label: string): string {
  return `"${label.replaceAll(/["\\\n\r\f]/g, "")} "`;
}
