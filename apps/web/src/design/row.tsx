import type { ComponentProps } from "react";

interface RowProps extends Omit<ComponentProps<"div">, "style"> {
  readonly selected?: boolean;
  /** Cut or being moved. */
  readonly faint?: boolean;
  readonly isTarget?: boolean;
}

/** The caller provides cells, roles and position. */
export function Row({ selected, faint, isTarget, className = "", ...rest }: RowProps) {
  return (
    <div
      {...rest}
      className={`flex h-row min-w-0 items-center gap-3 rounded-md px-3 ${stateLook(selected, faint, isTarget)} ${className}`}
    />
  );
}

export function Tile({ selected, faint, isTarget, className = "", ...rest }: RowProps) {
  return (
    <div
      {...rest}
      className={`flex min-w-0 flex-col gap-2 rounded-lg p-2 ${stateLook(selected, faint, isTarget)} ${className}`}
    />
  );
}

function stateLook(selected = false, faint = false, isTarget = false): string {
  const ground = selected
    ? "bg-selected forced-colors:outline-2 forced-colors:-outline-offset-2 forced-colors:outline-[Highlight]"
    : "hover:bg-hover active:bg-pressed";
  const target = isTarget ? "ring-2 ring-accent ring-inset" : "";
  return `focus-visible:-outline-offset-2 ${ground} ${target} ${faint ? "opacity-70" : ""}`;
}
