import type { ReactNode } from "react";

export function FrameBar({ children }: { readonly children: ReactNode }) {
  return <div className="flex min-h-11 shrink-0 flex-wrap items-center justify-end gap-1 px-2">{children}</div>;
}
