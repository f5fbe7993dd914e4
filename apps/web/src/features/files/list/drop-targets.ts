import type { DropTarget } from "./drag.ts";
import type { Point } from "./points.ts";

export const trashTarget = "trash";

/** Common attributes of rows, breadcrumbs and the navigation, so that these need no knowledge of drags. */
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

/** Marks the target in the DOM, because targets are anywhere on the page and a folder may appear twice. */
export function markDropTarget(target: DropTarget | null): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-over]")) {
    if (element.dataset["drop"] !== target?.id) delete element.dataset["over"];
  }
  if (target === null) return;
  for (const element of document.querySelectorAll<HTMLElement>(`[data-drop="${CSS.escape(target.id)}"]`)) {
    element.dataset["over"] = "";
  }
}
