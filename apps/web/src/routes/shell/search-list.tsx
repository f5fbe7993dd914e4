import { FoundList, type FoundListProps } from "../../features/files/finding/found-list.tsx";
import { Palette } from "../../features/palette/palette.tsx";

/** Results below the search field, or commands for a text that begins with `>`. */
export function SearchList({ wanted, onAll, ...list }: FoundListProps) {
  if (wanted.startsWith(">")) return <Palette {...list} wanted={wanted.slice(1)} />;
  return <FoundList {...list} wanted={wanted.trimEnd()} onAll={onAll} />;
}
