export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Rectangle in pixels; the block axis is `y`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function boxBetween(one: Point, other: Point): Box {
  return {
    left: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    right: Math.max(one.x, other.x),
    bottom: Math.max(one.y, other.y),
  };
}

const edgePx = 48;
const fastestPxPerS = 1_200;

/** Scroll speed near an edge of `[top, bottom]`, in pixels per second; 0 elsewhere. */
export function edgeSpeed(y: number, top: number, bottom: number): number {
  const edge = Math.min(edgePx, (bottom - top) / 4);
  if (y < top + edge) return -fastestPxPerS * Math.min(1, (top + edge - y) / edge);
  if (y > bottom - edge) return fastestPxPerS * Math.min(1, (y - bottom + edge) / edge);
  return 0;
}
