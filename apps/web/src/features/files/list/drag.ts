import type { Point } from "./points.ts";

/** Folder id or special place (`trash`). */
export interface DropTarget {
  readonly id: string;
  readonly name: string;
  /** The folder and its ancestors. None of them may be dragged. */
  readonly lineage: readonly string[];
  /** Opens when the pointer stays over it. */
  readonly springs: boolean;
}

export type DragInput =
  | { readonly type: "down"; readonly at: Point; readonly pointer: "mouse" | "pen" | "touch"; readonly nowMs: number }
  | {
      readonly type: "move";
      readonly at: Point;
      readonly over: DropTarget | null;
      readonly copy: boolean;
      readonly nowMs: number;
    }
  | { readonly type: "copy"; readonly copy: boolean }
  /** Sent on each frame during a press or drag. */
  | { readonly type: "tick"; readonly nowMs: number }
  | { readonly type: "up" | "cancel" };

export type Drag =
  | { readonly state: "idle" }
  | { readonly state: "pressed"; readonly at: Point; readonly slackPx: number; readonly holdsAtMs: number | null }
  /** Long press: selects the item; a move then drags it. */
  | { readonly state: "held"; readonly at: Point }
  | {
      readonly state: "dragging";
      readonly at: Point;
      readonly target: DropTarget | null;
      readonly copy: boolean;
      readonly sinceMs: number;
      readonly hasSprung: boolean;
    };

export type DragEffect =
  | { readonly type: "hold" | "lift" | "end" }
  | { readonly type: "spring"; readonly target: DropTarget }
  | { readonly type: "drop"; readonly target: DropTarget; readonly copy: boolean };

export const notDragging: Drag = { state: "idle" };

const limits = { slackPx: 6, touchSlackPx: 10, holdMs: 500, springMs: 700 };

/**
 * Pure transition.
 * @param dragged a dragged folder and its descendants are no targets; the folder `from` is one only for copying
 */
export function stepDrag(
  drag: Drag,
  input: DragInput,
  dragged: { readonly ids: ReadonlySet<string>; readonly from: string },
): { readonly drag: Drag; readonly effects: readonly DragEffect[] } {
  const stay = { drag, effects: [] };
  if (input.type === "cancel" || input.type === "up") return released(drag, input.type === "up");
  if (input.type === "down") return { drag: pressedBy(input), effects: [] };
  switch (drag.state) {
    case "idle":
      return stay;
    case "pressed":
      return whilePressed(drag, input);
    case "held":
      if (input.type !== "move" || !isApart(drag.at, input.at, limits.slackPx)) return stay;
      return lifted(input);
    default:
      return whileDragging(drag, input, dragged);
  }
}

type Step = ReturnType<typeof stepDrag>;
type Dragged = Parameters<typeof stepDrag>[2];
type Move = Extract<DragInput, { type: "move" }>;

function pressedBy({ at, pointer, nowMs }: Extract<DragInput, { type: "down" }>): Drag {
  const isTouch = pointer === "touch";
  return {
    state: "pressed",
    at,
    slackPx: isTouch ? limits.touchSlackPx : limits.slackPx,
    holdsAtMs: isTouch ? nowMs + limits.holdMs : null,
  };
}

function whilePressed(pressed: Extract<Drag, { state: "pressed" }>, input: DragInput): Step {
  const isHeld = "nowMs" in input && pressed.holdsAtMs !== null && input.nowMs >= pressed.holdsAtMs;
  if (isHeld) return { drag: { state: "held", at: pressed.at }, effects: [{ type: "hold" }] };
  if (input.type !== "move" || !isApart(pressed.at, input.at, pressed.slackPx)) return { drag: pressed, effects: [] };
  // A finger that moves at once scrolls.
  if (pressed.holdsAtMs !== null) return { drag: notDragging, effects: [] };
  return lifted(input);
}

/** The next move sets the target, because lifting may first change the selection. */
function lifted(input: Move): Step {
  return {
    drag: {
      state: "dragging",
      at: input.at,
      target: null,
      copy: input.copy,
      sinceMs: input.nowMs,
      hasSprung: false,
    },
    effects: [{ type: "lift" }],
  };
}

function whileDragging(state: Extract<Drag, { state: "dragging" }>, input: DragInput, dragged: Dragged): Step {
  if (input.type === "copy") return { drag: { ...state, copy: input.copy }, effects: [] };
  if (input.type === "tick") {
    const isDue = state.target?.springs === true && !state.hasSprung && input.nowMs - state.sinceMs >= limits.springMs;
    return isDue && state.target !== null
      ? { drag: { ...state, hasSprung: true }, effects: [{ type: "spring", target: state.target }] }
      : { drag: state, effects: [] };
  }
  if (input.type !== "move") return { drag: state, effects: [] };
  const target = input.over !== null && mayTake(input.over, dragged, input.copy) ? input.over : null;
  const isSame = target?.id === state.target?.id;
  return {
    drag: {
      ...state,
      at: input.at,
      copy: input.copy,
      target,
      sinceMs: isSame ? state.sinceMs : input.nowMs,
      hasSprung: isSame && state.hasSprung,
    },
    effects: [],
  };
}

function released(drag: Drag, isUp: boolean): Step {
  if (drag.state !== "dragging") return { drag: notDragging, effects: drag.state === "held" ? [{ type: "end" }] : [] };
  const { target, copy } = drag;
  return {
    drag: notDragging,
    effects: isUp && target !== null ? [{ type: "drop", target, copy }, { type: "end" }] : [{ type: "end" }],
  };
}

function mayTake(target: DropTarget, { ids, from }: Dragged, copy: boolean): boolean {
  if (target.lineage.some((id) => ids.has(id))) return false;
  return copy || target.id !== from;
}

function isApart(one: Point, other: Point, slackPx: number): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) >= slackPx;
}
