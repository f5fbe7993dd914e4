import { useMemo, useSyncExternalStore } from "react";
import { preferences, type View, watchPreferences } from "../../../browser/preferences.ts";
import type { Layout } from "./row-window.ts";

const tile = { widthPx: 176, heightPx: 212, narrowPx: 148 };

export function useLayout(view: View, total: number, widthPx: number): Layout {
  const rowPx = useSyncExternalStore(listen, rowHeightPx);
  return useMemo(() => {
    if (view === "list") return { total, columns: 1, lineHeightPx: rowPx };
    const wide = Math.floor(widthPx / tile.widthPx);
    const columns = Math.max(2, wide < 3 ? Math.floor(widthPx / tile.narrowPx) : wide);
    return { total, columns, lineHeightPx: tile.heightPx };
  }, [view, total, widthPx, rowPx]);
}

const compactPx = 32;

/** Compact rows are too low for fingers and, on narrow pages, for the second line. */
export function mayBeCompact(): boolean {
  return !matchMedia("(pointer: coarse)").matches && matchMedia("(min-width: 820px)").matches;
}

/** The height in the style sheet depends on touch. */
function rowHeightPx(): number {
  if (preferences().density === "compact" && mayBeCompact()) return compactPx;
  return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row-height")) || 44;
}

function listen(listener: () => void): () => void {
  const fingers = matchMedia("(pointer: coarse)");
  fingers.addEventListener("change", listener);
  const stop = watchPreferences(listener);
  return () => {
    fingers.removeEventListener("change", listener);
    stop();
  };
}
