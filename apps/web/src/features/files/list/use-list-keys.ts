import { type KeyboardEvent, useEffect, useRef } from "react";
import { foldName } from "@holdfast/core/sort-key";
import { platformOf } from "../../../commands/chord.ts";
import { announcer } from "../../../design/live-regions.tsx";
import { messages } from "../../../messages/use-messages.ts";
import { type ListKey, listKey, moved, TypeAhead } from "./list-keys.ts";
import type { Layout } from "./row-window.ts";
import type { RowSource } from "../rows/row-source.ts";
import { hasAny, type Selection, type SelectionAct } from "../rows/selection.ts";

export interface ListKeysHost {
  readonly source: RowSource;
  readonly selection: Selection;
  readonly act: (act: SelectionAct) => void;
  /** @returns false if the key belongs to no command */
  readonly onKey: (event: KeyboardEvent) => boolean;
  readonly onOpen: (id: string) => void;
  readonly onTouch: () => void;
  readonly focusRow: (id: string) => void;
  /** Includes rows that have not loaded. */
  readonly show: (index: number) => void;
}

/** Continues when missing rows have loaded, unless the focus moves before. */
interface Waiting {
  readonly source: RowSource;
  readonly focus: string | null;
  /** @returns true when done */
  readonly goOn: () => boolean;
}

const platform = platformOf(navigator.userAgent);

/** Moving, selecting, type-ahead and entering the cells of a row. @param pageLines lines per page */
export function useListKeys(host: ListKeysHost, layout: Layout, pageLines: number): (event: KeyboardEvent) => void {
  const ahead = useRef(new TypeAhead());
  const waiting = useRef<Waiting | null>(null);
  const {
    source,
    selection: { focus },
  } = host;
  useEffect(() => {
    const wait = waiting.current;
    if (wait !== null && (wait.source !== source || wait.focus !== focus || wait.goOn())) waiting.current = null;
  });

  const goTo = (index: number, how: "select" | "focus" | "extend" | "add"): boolean => {
    const id = source.idAt(index);
    if (id === undefined) return false;
    if (how === "select") host.act({ type: "only", id });
    else if (how === "focus") host.act({ type: "focus", id });
    else host.act({ type: "extend", id, add: how === "add", order: source });
    host.focusRow(id);
    return true;
  };
  const wait = (goOn: () => boolean) => (waiting.current = { source, focus, goOn });
  const find = (start: string, after: number): boolean => {
    const index = indexStarting(source, start, after);
    if (index >= 0) goTo(index, "select");
    return index >= 0 || source.isWhole;
  };
  const type = (letter: string, nowMs: number) => {
    const { start, isNext } = ahead.current.type(letter, nowMs);
    const after = indexOfFocus(host) - (isNext ? 0 : 1);
    if (find(start, after)) return;
    announcer.say(messages().message("files.loadingUpTo", { start }), "type-ahead");
    wait(() => find(start, after));
  };
  const take = (key: ListKey, event: KeyboardEvent): boolean => {
    waiting.current = null;
    if (key.type === "letter") type(key.letter, event.timeStamp);
    else if (key.type === "all") host.act({ type: "all" });
    else if (key.type === "escape") {
      if (!hasAny(host.selection)) return false;
      host.act({ type: "none" });
    } else if (key.type === "toggle") {
      if (ahead.current.isTyping(event.timeStamp)) type(" ", event.timeStamp);
      else {
        const id = rowIdOf(event) ?? host.selection.focus;
        if (id !== null) host.act({ type: "toggle", id });
      }
    } else if (key.type === "move") {
      if (layout.columns === 1 && (key.to === "left" || key.to === "right"))
        return key.to === "right" && enterCells(event);
      const index = moved(indexOfFocus(host), key.to, source.total, layout.columns, pageLines);
      if (index === undefined || goTo(index, key.how)) return true;
      host.show(index);
      wait(() => goTo(Math.min(index, source.total - 1), key.how));
    }
    return true;
  };

  return (event) => {
    host.onTouch();
    if (event.defaultPrevented) return;
    const isInCell = event.target instanceof HTMLElement && event.target.closest("[data-control], a") !== null;
    if (isInCell && inCells(event)) return;
    const key = isInCell ? undefined : listKey(event.nativeEvent, platform, isMirrored());
    if ((key !== undefined && take(key, event)) || openRow(host, event) || host.onKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

/** Tab focuses without selecting, and commands need a selection. */
function openRow({ selection, onOpen }: ListKeysHost, event: KeyboardEvent): boolean {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  const id = rowIdOf(event);
  if (key !== "Enter" || ctrlKey || metaKey || altKey || shiftKey || id === undefined || hasAny(selection))
    return false;
  onOpen(id);
  return true;
}

/** Undefined if the focus is inside a row or on no row. */
function rowIdOf(event: KeyboardEvent): string | undefined {
  return (event.target as HTMLElement).dataset["id"];
}

function isMirrored(): boolean {
  return document.documentElement.dir === "rtl";
}

function indexOfFocus({ source, selection }: ListKeysHost): number {
  return selection.focus === null ? -1 : source.indexOf(selection.focus);
}

function controlsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>("input[data-control], a, button[data-control]")];
}

function enterCells(event: KeyboardEvent): boolean {
  const row = (event.target as Element).closest("[data-id]");
  controlsOf(row ?? document.createElement("div"))[0]?.focus();
  return row !== null;
}

/** Left of the first control and Escape return to the row. */
function inCells(event: KeyboardEvent): boolean {
  const row = (event.target as Element).closest<HTMLElement>("[data-id]");
  if (row === null) return false;
  const step = { ArrowRight: isMirrored() ? -1 : 1, ArrowLeft: isMirrored() ? 1 : -1 }[event.key];
  if (step === undefined && event.key !== "Escape") return false;
  const controls = controlsOf(row);
  const at = controls.indexOf(event.target as HTMLElement);
  const next = step === undefined ? row : (controls[at + step] ?? (step < 0 ? row : undefined));
  next?.focus();
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function indexStarting(source: RowSource, start: string, after: number): number {
  const wanted = foldName(start);
  for (let step = 1; step <= source.total; step++) {
    const index = (after + step + source.total) % source.total;
    const name = source.rowAt(index)?.name;
    // Folds only the prefix, since each letter searches up to 100,000 names.
    if (name !== undefined && foldName(name.slice(0, start.length * 4 + 4)).startsWith(wanted)) return index;
  }
  return -1;
}
