import { lazy, type ReactNode, Suspense, useRef } from "react";

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  /** One sentence under the title. */
  readonly about?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons at its end; the one that does what the title says stands last. */
  readonly acts?: ReactNode;
  readonly size?: "small" | "medium" | "large";
  /** Neither Escape nor a press beside it closes it, as what it shows is shown once. */
  readonly isKept?: boolean;
  /** Called by Escape, the cross and a press beside it. */
  readonly onClose: () => void;
  /** Where the focus goes once it is closed, if what had it may be gone by then. */
  readonly opener?: () => HTMLElement | null;
}

export interface SheetProps extends DialogProps {
  /** From the end of the line, or from below as on a phone. */
  readonly side?: "end" | "bottom";
}

const layer = () => import("./dialog-layer.tsx");
const DialogLayer = lazy(async () => ({ default: (await layer()).DialogLayer }));
const SheetLayer = lazy(async () => ({ default: (await layer()).SheetLayer }));

/** Asks or shows something before anything else goes on. */
export function Dialog(props: DialogProps) {
  return <WhenOpened open={props.open}>{() => <DialogLayer {...props} />}</WhenOpened>;
}

/** Slides in beside what it is about. */
export function Sheet(props: SheetProps) {
  return <WhenOpened open={props.open}>{() => <SheetLayer {...props} />}</WhenOpened>;
}

/** Nothing of it loads before it opens first. It stays then, so that it can go as it came. */
function WhenOpened({ open, children }: { readonly open: boolean; readonly children: () => ReactNode }) {
  const wasOpened = useRef(open);
  wasOpened.current ||= open;
  return wasOpened.current ? <Suspense fallback={null}>{children()}</Suspense> : null;
}
