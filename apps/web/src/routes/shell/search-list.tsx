import type { RefObject } from "react";
import { FoundList } from "../../features/files/found-list.tsx";
import { Palette } from "../../features/palette/palette.tsx";

interface SearchListProps {
  /** Id of the list. */
  readonly id: string;
  /** Text of the field. Commands begin with `>`. */
  readonly wanted: string;
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  readonly onLeave: () => void;
  /** Opens the page with all results. */
  readonly onAll: (wanted: string) => void;
}

/** Results or commands below the search field. */
export function SearchList({ wanted, onAll, ...list }: SearchListProps) {
  if (wanted.startsWith(">")) return <Palette {...list} wanted={wanted.slice(1)} />;
  return <FoundList {...list} wanted={wanted.trimEnd()} onAll={onAll} />;
}
