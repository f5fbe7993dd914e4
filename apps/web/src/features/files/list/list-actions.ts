import { createContext, useContext } from "react";
import type { Point } from "./points.ts";
import type { ListedRow } from "../rows/row-source.ts";

/** Stable while the list is shown, so that rows do not render again. */
export interface ListActions {
  readonly open: (row: ListedRow) => void;
  readonly toggle: (row: ListedRow) => void;
  readonly showMenu: (row: ListedRow, at: Point, byKey: boolean) => void;
  readonly rename: (row: ListedRow, name: string) => void;
  readonly endRename: (row: ListedRow) => void;
  readonly addressOf: (row: ListedRow) => string;
  readonly thumbOf: (row: ListedRow, size: "s" | "m") => string | undefined;
}

export const ListActionsContext = createContext<ListActions | undefined>(undefined);

export function useListActions(): ListActions {
  const actions = useContext(ListActionsContext);
  if (actions === undefined) throw new Error("A row must be inside a list");
  return actions;
}
