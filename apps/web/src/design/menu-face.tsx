import type { ReactNode } from "react";

/** Keeps the labels of items with and without icons in one line. */
export const noIcon = <></>;

interface FaceProps {
  /** False: no item of the menu has an icon. */
  readonly icon: ReactNode;
  readonly label: string;
  readonly keys?: string | undefined;
}

export function Face({ icon, label, keys }: FaceProps) {
  return (
    <>
      {icon !== false && <span className="flex size-4 shrink-0 items-center justify-center">{icon}</span>}
      <span className="min-w-0 truncate">{label}</span>
      {keys !== undefined && (
        <kbd aria-hidden className="ms-auto ps-6 font-sans text-sm text-muted pointer-coarse:hidden">
          {keys}
        </kbd>
      )}
    </>
  );
}
