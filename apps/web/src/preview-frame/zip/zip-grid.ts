import type { RowMaker } from "./zip-row.ts";
import { shownRows, type ZipNode } from "./zip-tree.ts";

interface GridParts extends RowMaker {
  readonly name: string;
  readonly top: readonly ZipNode[];
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
}

/** Limit for starting expanded, in nodes. */
const openMax = 200;
const rowHeightPx = 36;
const rowsAround = 10;

/** Tree grid with only visible rows and the focused one in the DOM. */
export function makeGrid(parts: GridParts): HTMLElement {
  const grid = new ZipGrid(parts);
  addEventListener("scroll", grid.draw, { passive: true });
  addEventListener("resize", grid.draw);
  requestAnimationFrame(() => grid.redraw());
  return grid.element;
}

class ZipGrid {
  readonly element = document.createElement("div");
  readonly #body = document.createElement("div");
  readonly #parts: GridParts;
  readonly #open: Set<ZipNode>;
  readonly #drawn = new Map<number, HTMLElement>();
  readonly #sort: (nodes: readonly ZipNode[]) => readonly ZipNode[];
  #rows: readonly ZipNode[];
  #current = 0;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.#sort = foldersFirst(parts.locale);
    this.#open = new Set(allOf(parts.top, openMax) ?? []);
    this.#rows = shownRows(parts.top, this.#open, this.#sort);
    this.element.role = "treegrid";
    this.element.ariaLabel = parts.name;
    this.#body.role = "rowgroup";
    this.#body.className = "rows";
    this.element.append(parts.head(), this.#body);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("click", ({ target }) => this.#onClick(target));
  }

  redraw(): void {
    for (const element of this.#drawn.values()) element.remove();
    this.#drawn.clear();
    this.element.ariaRowCount = String(this.#rows.length + 1);
    this.#body.style.blockSize = `${this.#rows.length * rowHeightPx}px`;
    this.draw();
  }

  readonly draw = (): void => {
    const first = Math.max(0, Math.floor((scrollY - this.#body.offsetTop) / rowHeightPx) - rowsAround);
    const last = Math.min(this.#rows.length - 1, first + Math.ceil(innerHeight / rowHeightPx) + 2 * rowsAround);
    for (const [index, element] of this.#drawn) {
      if ((index >= first && index <= last) || index === this.#current) continue;
      element.remove();
      this.#drawn.delete(index);
    }
    for (let index = first; index <= last; index += 1) this.#place(index);
    this.#place(this.#current);
  };

  #place(index: number): void {
    const node = this.#rows[index];
    if (node === undefined || this.#drawn.has(index)) return;
    const element = this.#parts.row(node);
    element.style.insetBlockStart = `${index * rowHeightPx}px`;
    element.dataset["index"] = String(index);
    element.ariaRowIndex = String(index + 2);
    element.ariaLevel = String(node.depth + 1);
    if (node.children !== undefined) element.ariaExpanded = String(this.#open.has(node));
    element.tabIndex = index === this.#current ? 0 : -1;
    this.#drawn.set(index, element);
    // DOM order, for screen readers.
    const behind = [...this.#drawn.keys()].filter((each) => each > index);
    const next = behind.length === 0 ? undefined : this.#drawn.get(Math.min(...behind));
    this.#body.insertBefore(element, next ?? null);
  }

  #focus(index: number): void {
    const old = this.#drawn.get(this.#current);
    if (old !== undefined) old.tabIndex = -1;
    this.#current = Math.max(0, Math.min(this.#rows.length - 1, index));
    this.#place(this.#current);
    const element = this.#drawn.get(this.#current);
    if (element === undefined) return;
    element.tabIndex = 0;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  #toggle(isOpen: boolean): void {
    const node = this.#rows[this.#current];
    if (node?.children === undefined || this.#open.has(node) === isOpen) return;
    if (isOpen) this.#open.add(node);
    else this.#open.delete(node);
    this.#rows = shownRows(this.#parts.top, this.#open, this.#sort);
    this.redraw();
    this.#focus(this.#current);
  }

  #onClick(target: EventTarget | null): void {
    const element = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
    if (element === null) return;
    this.#focus(Number(element.dataset["index"]));
    const node = this.#rows[this.#current];
    if (node !== undefined) this.#toggle(!this.#open.has(node));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.#act(event.key)) return;
    event.preventDefault();
  }

  /** @returns false without effect */
  #act(key: string): boolean {
    const node = this.#rows[this.#current];
    const move = moves[key];
    if (node === undefined) return false;
    if (move !== undefined) {
      this.#focus(move(this.#current, this.#rows.length));
      return true;
    }
    const isOpen = this.#open.has(node);
    const [inwards, outwards] =
      this.#parts.direction === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    if (key === "Enter" || key === " ") this.#toggle(!isOpen);
    else if (key === inwards && !isOpen) this.#toggle(true);
    else if (key === inwards && node.children !== undefined) this.#focus(this.#current + 1);
    else if (key === outwards && isOpen) this.#toggle(false);
    else if (key === outwards) this.#focus(parentOf(this.#rows, this.#current));
    else return false;
    return true;
  }
}

const moves: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowDown: (index) => index + 1,
  ArrowUp: (index) => index - 1,
  Home: () => 0,
  End: (_, count) => count - 1,
  PageDown: (index) => index + pageRows(),
  PageUp: (index) => index - pageRows(),
};

function parentOf(rows: readonly ZipNode[], index: number): number {
  const depth = rows[index]?.depth ?? 0;
  return Math.max(
    0,
    rows.findLastIndex((node, each) => each < index && node.depth < depth),
  );
}

function foldersFirst(locale: string): (nodes: readonly ZipNode[]) => readonly ZipNode[] {
  const { compare } = new Intl.Collator(locale, { numeric: true });
  return (nodes) =>
    nodes.toSorted(
      (left, right) =>
        Number(left.children === undefined) - Number(right.children === undefined) || compare(left.name, right.name),
    );
}

function pageRows(): number {
  return Math.max(1, Math.floor(innerHeight / rowHeightPx) - 2);
}

/** @returns undefined for more */
function allOf(top: readonly ZipNode[], countMax: number): ZipNode[] | undefined {
  const all = [...top];
  for (const { children } of all) {
    if (all.length + (children?.length ?? 0) > countMax) return undefined;
    all.push(...(children ?? []));
  }
  return all.length > countMax ? undefined : all;
}
