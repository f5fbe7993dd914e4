import { makeListeners } from "../../../browser/listeners.ts";
import { type Drag, type DragEffect, type DragInput, type DropTarget, notDragging, stepDrag } from "./drag.ts";
import { dropTargetAt, markDropTarget } from "./drop-targets.ts";
import { edgeSpeed, type Point } from "./points.ts";
import type { ListedRow } from "../rows/row-source.ts";

export interface DragShown {
  readonly at: Point;
  readonly target: DropTarget | null;
  readonly copy: boolean;
  readonly count: number;
}

/** State at the start of the drag, whatever changes later. */
export interface Lifted {
  readonly ids: ReadonlySet<string>;
  readonly rows: readonly ListedRow[];
  readonly from: string;
}

export interface GestureHost {
  readonly lift: (rowId: string) => Lifted | undefined;
  readonly hold: (rowId: string) => void;
  readonly drop: (target: DropTarget, copy: boolean, rows: readonly ListedRow[]) => void;
  readonly spring: (target: DropTarget) => void;
}

/** Visible list, which may differ from the one where the drag started. */
export interface DragList {
  readonly scroller: () => HTMLElement | null;
  readonly scrollBy: (px: number) => void;
}

let shownList: DragList | undefined;
let shown: DragShown | null = null;
const listeners = makeListeners();

/** @returns unregisters the list */
export function standList(list: DragList): () => void {
  shownList = list;
  return () => {
    if (shownList === list) shownList = undefined;
  };
}

export function currentDrag(): DragShown | null {
  return shown;
}

export const watchDrag = listeners.add;

function show(next: DragShown | null): void {
  if (next === shown) return;
  shown = next;
  listeners.call();
}

export class DragGesture {
  /** The gesture was more than a press, so the following click is ignored. */
  hasActed = false;
  readonly #rowId: string;
  readonly #host: () => GestureHost;
  readonly #end = new AbortController();
  #drag: Drag = notDragging;
  #dragged: Lifted = { ids: new Set(), rows: [], from: "" };
  #at: Point = { x: 0, y: 0 };
  #frameMs = 0;

  constructor(rowId: string, host: () => GestureHost) {
    this.#rowId = rowId;
    this.#host = host;
  }

  get isHolding(): boolean {
    return this.#drag.state === "held" || this.#drag.state === "dragging";
  }

  get isDragging(): boolean {
    return this.#drag.state === "dragging";
  }

  start(event: PointerEvent): void {
    const pointer = event.pointerType === "touch" || event.pointerType === "pen" ? event.pointerType : "mouse";
    this.#at = { x: event.clientX, y: event.clientY };
    this.#take({ type: "down", at: this.#at, pointer, nowMs: event.timeStamp });
    const { signal } = this.#end;
    const isMine = (other: PointerEvent) => other.pointerId === event.pointerId;
    addEventListener("pointermove", (moved) => isMine(moved) && this.#moved(moved), { signal });
    addEventListener("pointerup", (up) => isMine(up) && this.#take({ type: "up" }), { signal });
    addEventListener("pointercancel", (gone) => isMine(gone) && this.cancel(), { signal });
    addEventListener("keydown", (key) => this.#key(key), { signal, capture: true });
    addEventListener("keyup", (key) => this.#key(key), { signal, capture: true });
    requestAnimationFrame((nowMs) => this.#tick(nowMs));
  }

  cancel(): void {
    this.#take({ type: "cancel" });
  }

  #moved(event: PointerEvent): void {
    this.#at = { x: event.clientX, y: event.clientY };
    this.#takeMove(event.ctrlKey || event.altKey, event.timeStamp);
  }

  #takeMove(copy: boolean, nowMs: number): void {
    this.#take({ type: "move", at: this.#at, over: dropTargetAt(this.#at), copy, nowMs });
  }

  #key(event: KeyboardEvent): void {
    if (!this.isDragging) return;
    if (event.type === "keydown" && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.cancel();
    } else if (event.key === "Control" || event.key === "Alt") {
      this.#takeMove(event.type === "keydown", event.timeStamp);
    }
  }

  #tick(nowMs: number): void {
    if (this.#end.signal.aborted) return;
    this.#take({ type: "tick", nowMs });
    if (this.isDragging) this.#scroll(nowMs);
    this.#frameMs = nowMs;
    requestAnimationFrame((next) => this.#tick(next));
  }

  #scroll(nowMs: number): void {
    const box = shownList?.scroller()?.getBoundingClientRect();
    if (box === undefined || this.#at.x < box.left || this.#at.x > box.right) return;
    const speed = edgeSpeed(this.#at.y, box.top, box.bottom);
    if (speed === 0) return;
    shownList?.scrollBy((speed * Math.min(50, nowMs - this.#frameMs)) / 1000);
    // The scroll has moved another row under the pointer.
    if (this.#drag.state === "dragging") this.#takeMove(this.#drag.copy, nowMs);
  }

  #take(input: DragInput): void {
    const before = this.#drag;
    const { drag, effects } = stepDrag(before, input, this.#dragged);
    this.#drag = drag;
    for (const effect of effects) this.#do(effect);
    if (this.#drag.state === "dragging") {
      this.hasActed = true;
      const { at, target, copy } = this.#drag;
      markDropTarget(target);
      if (this.#drag !== before) show({ at, target, copy, count: this.#dragged.ids.size });
    }
    if (this.#drag.state === "idle") this.#stop();
  }

  #do(effect: DragEffect): void {
    const host = this.#host();
    if (effect.type === "hold") {
      this.hasActed = true;
      host.hold(this.#rowId);
    } else if (effect.type === "lift") {
      const dragged = host.lift(this.#rowId);
      if (dragged === undefined) this.#drag = notDragging;
      else this.#dragged = dragged;
    } else if (effect.type === "drop") host.drop(effect.target, effect.copy, this.#dragged.rows);
    else if (effect.type === "spring") host.spring(effect.target);
  }

  #stop(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    markDropTarget(null);
    show(null);
  }
}
