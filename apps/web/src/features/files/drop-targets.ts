import type { DropTarget } from "./drag.ts";
import type { Point } from "./points.ts";

/** In place of a folder's id: what is dropped there goes to the trash. */
export const trashTarget = "trash";

/**
 * What something that can be dropped on carries: the folder's id, and the ids of what is above it. Rows, crumbs and the navigation are
 * marked alike, so that none of them has to know who drags.
 */
export function dropAttributes(
  id: string,
  name: string,
  lineage: readonly string[] = [],
  springs = true,
): Record<string, string> {
  return {
    "data-drop": id,
    "data-drop-name": name,
    "data-lineage": lineage.join(" "),
    ...(springs ? {} : { "data-rigid": "" }),
  };
}

export function dropTargetAt({ x, y }: Point): DropTarget | null {
  const element = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-drop]");
  if (element == null) return null;
  const { drop: id = "", dropName: name = "", lineage = "", rigid } = element.dataset;
  return { id, name, lineage: [id, ...lineage.split(" ").filter((one) => one !== "")], springs: rigid === undefined };
}

/** Shows where a drop would go. It is done by hand, because a target may be anywhere on the page, and a folder in two places of it. */
export function markDropTarget(target: DropTarget | null): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-over]")) {
    if (element.dataset["drop"] !== target?.id) delete element.dataset["over"];
  }
  if (target === null) return;
  for (const element of document.querySelectorAll<HTMLElement>(`[data-drop="${CSS.escape(target.id)}"]`)) {
    element.dataset["over"] = "";
  }
}
