import CircleAlert from "lucide-react/icons/circle-alert";
import type { ReactNode } from "react";

/** Recognizable without color. */
export function ProblemText({ children }: { readonly children: ReactNode }) {
  return (
    <p className="flex gap-1.5 text-sm text-danger">
      <CircleAlert aria-hidden size={14} className="mt-px shrink-0" />
      <span className="min-w-0">{children}</span>
    </p>
  );
}
