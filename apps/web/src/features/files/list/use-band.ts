import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { type Box, boxBetween, edgeSpeed, type Point } from "./points.ts";

export interface BandHost {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly pointAmongLines: (at: Point) => Point;
  readonly begin: () => void;
  readonly touch: (box: Box, add: boolean) => void;
  readonly scrollBy: (px: number) => void;
}

/** Mouse selection by a rectangle, from the empty area. @returns `band`: rectangle in pixels among all lines */
export function useBand(host: BandHost): {
  readonly band: Box | null;
  readonly begin: (event: PointerEvent) => void;
  /** The following click ends a rectangle. */
  readonly wasDrawn: () => boolean;
} {
  const [band, setBand] = useState<Box | null>(null);
  const latest = useRef(host);
  latest.current = host;
  const stop = useRef<(() => void) | null>(null);
  const hasDrawn = useRef(false);
  useEffect(() => () => stop.current?.(), []);

  const begin = useCallback((event: PointerEvent) => {
    stop.current?.();
    hasDrawn.current = false;
    const end = new AbortController();
    const { signal } = end;
    const start = latest.current.pointAmongLines({ x: event.clientX, y: event.clientY });
    const add = event.ctrlKey || event.metaKey || event.shiftKey;
    let at: Point = { x: event.clientX, y: event.clientY };
    let isDrawn = false;
    let beforeMs = event.timeStamp;
    const draw = () => {
      const box = boxBetween(start, latest.current.pointAmongLines(at));
      if (!isDrawn && Math.hypot(box.right - box.left, box.bottom - box.top) < 6) return;
      if (!isDrawn) latest.current.begin();
      isDrawn = true;
      hasDrawn.current = true;
      setBand(box);
      latest.current.touch(box, add);
    };
    const tick = (nowMs: number) => {
      if (signal.aborted) return;
      const view = latest.current.scroller.current?.getBoundingClientRect();
      const speed = view === undefined || !isDrawn ? 0 : edgeSpeed(at.y, view.top, view.bottom);
      if (speed !== 0) {
        latest.current.scrollBy((speed * Math.min(50, nowMs - beforeMs)) / 1000);
        draw();
      }
      beforeMs = nowMs;
      requestAnimationFrame(tick);
    };
    stop.current = () => {
      end.abort();
      setBand(null);
    };
    const finish = () => stop.current?.();
    addEventListener(
      "pointermove",
      (moved) => {
        at = { x: moved.clientX, y: moved.clientY };
        draw();
      },
      { signal },
    );
    addEventListener("pointerup", finish, { signal });
    addEventListener("pointercancel", finish, { signal });
    requestAnimationFrame(tick);
  }, []);
  const wasDrawn = useCallback(() => hasDrawn.current, []);
  return { band, begin, wasDrawn };
}
