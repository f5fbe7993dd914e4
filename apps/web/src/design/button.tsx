import type { ComponentProps, ReactNode } from "react";
import type { Icon as IconType } from "./icon.ts";
import { Spinner } from "./progress.tsx";

type Kind = "primary" | "secondary" | "quiet" | "danger";

interface ButtonProps extends Omit<ComponentProps<"button">, "className" | "style" | "type" | "aria-busy"> {
  readonly children: ReactNode;
  readonly kind?: Kind;
  readonly type?: "button" | "submit";
  readonly Icon?: IconType | undefined;
  /** Keeps size and focus, and ignores clicks. */
  readonly busy?: boolean;
  readonly wide?: boolean;
}

export function Button({ kind = "secondary", type, Icon, busy, wide, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type ?? "button"}
      aria-busy={busy === true ? true : undefined}
      aria-disabled={busy === true ? true : rest["aria-disabled"]}
      onClick={busy === true ? preventSubmit : onClick}
      className={`${buttonLook(kind)} ${wide === true ? "w-full" : ""}`}
    >
      {busy === true ? <Spinner /> : Icon !== undefined && <Icon aria-hidden size={16} className="shrink-0" />}
      <span className="truncate">{children}</span>
    </button>
  );
}

/** Classes for links that look like buttons. */
export function buttonLook(kind: Kind): string {
  return `${shape} ${colours[kind]}`;
}

const shape =
  "inline-flex h-9 min-w-0 items-center justify-center gap-2 rounded-md px-4 text-base font-semibold whitespace-nowrap select-none transition-colors pointer-coarse:h-11 disabled:cursor-default disabled:border-line disabled:bg-hover disabled:text-muted aria-busy:cursor-progress";

const colours: Readonly<Record<Kind, string>> = {
  primary:
    "bg-accent text-on-accent hover:bg-accent-hover active:bg-accent-pressed forced-colors:border forced-colors:border-edge",
  secondary: "border border-edge bg-surface hover:bg-hover active:bg-pressed",
  quiet: "bg-transparent hover:bg-hover active:bg-pressed disabled:bg-transparent",
  danger:
    "bg-danger text-on-danger hover:bg-danger-hover active:bg-danger-hover forced-colors:border forced-colors:border-edge",
};

function preventSubmit(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
