import { useState, useSyncExternalStore } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { changePreferences, preferences, type View, watchPreferences } from "../../../browser/preferences.ts";
import type { ListPlaceProps } from "./use-place.ts";
import { isPicture } from "../rows/file-kind.ts";
import { isFolder, type RowSource } from "../rows/row-source.ts";

type ViewedPlace = Pick<ListPlaceProps, "kind" | "viewKey" | "source">;

/**
 * View chosen for the place. Without a choice: tiles for a folder of pictures, otherwise the last choice for another
 * place.
 */
export function useView({ kind, viewKey, source }: ViewedPlace): readonly [View, (view: View) => void] {
  const { view = "list", views = [] } = useSyncExternalStore(watchPreferences, preferences);
  const { viewer } = useDrive();
  // Decided once, so that later changes of the folder do not rearrange it. A link with counted downloads shows only small
  // thumbnails.
  const [isAlbum, setAlbum] = useState<boolean>();
  const foundAlbum =
    isAlbum ??
    (source.state === "ready" && source.total > 0
      ? kind === "folder" && !viewer.isCounted && holdsPictures(source)
      : undefined);
  if (foundAlbum !== isAlbum) setAlbum(foundAlbum);
  const chosen = views.find(([place]) => place === viewKey)?.[1];
  const change = (next: View) => {
    const others = views.filter(([place]) => place !== viewKey);
    changePreferences({ view: next, views: [...others, [viewKey, next]] });
  };
  return [chosen ?? (foundAlbum === true ? "tiles" : view), change];
}

const rowsSampled = 60;
const picturesMin = 4;

/** True if at least two thirds of the files are pictures. */
export function holdsPictures(source: Pick<RowSource, "total" | "rowAt">): boolean {
  const files = Array.from({ length: Math.min(rowsSampled, source.total) }, (_, index) => source.rowAt(index)).filter(
    (row) => row !== undefined && !isFolder(row),
  );
  const pictures = files.filter((row) => row !== undefined && isPicture(row)).length;
  return pictures >= picturesMin && pictures * 3 >= files.length * 2;
}
