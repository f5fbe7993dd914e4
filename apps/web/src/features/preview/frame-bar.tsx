import type { ReactNode } from "react";

interface FrameBarProps {
  /** Buttons for the neighboring files. Above text they would cover words. */
  readonly steps: ReactNode;
  readonly children: ReactNode;
}

export function FrameBar({ steps, children }: FrameBarProps) {
  return (
    <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-1 border-b border-line bg-surface px-2">
      <div className="flex">{steps}</div>
      <div className="flex min-w-0 flex-1 items-center justify-end gap-1">{children}</div>
    </div>
  );
}
