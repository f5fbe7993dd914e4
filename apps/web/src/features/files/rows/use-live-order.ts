import { useCallback, useEffect, useRef, useState } from "react";
import type { RowSource } from "./row-source.ts";

const quietMs = 400;
const pillMs = 2_000;

/**
 * Holds the order for 400 ms after an input and while a layer of a row is open (`isBusy`).
 * @returns `touched`: call on each input; `waitingCount`: changes that have waited for 2 s
 */
export function useLiveOrder(
  source: RowSource,
  isBusy: boolean,
): { readonly touched: () => void; readonly waitingCount: number; readonly showNow: () => void } {
  const timer = useRef<number>(undefined);
  const busy = useRef(isBusy);
  busy.current = isBusy;
  const [isLate, setLate] = useState(false);
  const { waitingCount } = source;
  const isWaiting = waitingCount > 0;

  const settle = useCallback(() => {
    timer.current = undefined;
    if (!busy.current) source.release();
  }, [source]);
  const touched = useCallback(() => {
    source.hold();
    clearTimeout(timer.current);
    timer.current = window.setTimeout(settle, quietMs);
  }, [source, settle]);

  useEffect(() => {
    if (isBusy) source.hold();
    else if (timer.current === undefined) source.release();
  }, [source, isBusy]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    setLate(false);
    if (!isWaiting) return undefined;
    const late = window.setTimeout(() => setLate(true), pillMs);
    return () => clearTimeout(late);
  }, [isWaiting]);
  return { touched, waitingCount: isLate ? waitingCount : 0, showNow: source.release };
}
