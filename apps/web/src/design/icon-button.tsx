import type { ComponentProps } from "react";
import type { Icon as IconType } from "./icon.ts";
import { Spinner } from "./progress.tsx";

interface IconButtonProps extends Omit<
  ComponentProps<"button">,
  "className" | "style" | "type" | "children" | "aria-label"
> {
  /** Accessible name and tooltip. */
  readonly label: string;
  /** Shortcut, shown in the tooltip. */
  readonly keys?: string | undefined;
  readonly Icon: IconType;
  readonly busy?: boolean;
  /** Size for rows: 32 px, or 44 px on touch screens. */
  readonly small?: boolean;
}

export function IconButton({ label, keys, Icon, busy, small, onClick, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      data-tooltip={keys ? `${label} (${keys})` : label}
      aria-busy={busy === true ? true : undefined}
      onClick={busy === true ? undefined : onClick}
      className={`${small === true ? "size-8" : "size-9"} ${look}`}
    >
      {busy === true ? <Spinner /> : <Icon aria-hidden size={18} />}
    </button>
  );
}

const look =
  "inline-flex shrink-0 items-center justify-center rounded-md text-text transition-colors hover:bg-hover active:bg-pressed pointer-coarse:size-11 disabled:cursor-default disabled:bg-transparent disabled:text-muted disabled:opacity-60 aria-expanded:bg-pressed aria-pressed:bg-selected aria-busy:cursor-progress";
