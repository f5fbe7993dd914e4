import { lazy, type ReactNode, Suspense, useRef } from "react";

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  /** Sentence below the title. */
  readonly about?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons at the end, with the main one last. */
  readonly acts?: ReactNode;
  readonly size?: "small" | "medium" | "large";
  /** Disables closing by Escape or a click outside, for content that is shown only once. */
  readonly isKept?: boolean;
  /** Called on Escape, the close button or a click outside. */
  readonly onClose: () => void;
  /** Element that gets the focus after closing, if the previously focused one may be gone by then. */
  readonly opener?: () => HTMLElement | null;
}

export interface SheetProps extends DialogProps {
  /** "end" slides in from the end of the line, "bottom" from below as on a phone. */
  readonly side?: "end" | "bottom";
}

const layer = () => import("./dialog-layer.tsx");
const DialogLayer = lazy(async () => ({ default: (await layer()).DialogLayer }));
const SheetLayer = lazy(async () => ({ default: (await layer()).SheetLayer }));

export function Dialog(props: DialogProps) {
  return <WhenOpened open={props.open}>{() => <DialogLayer {...props} />}</WhenOpened>;
}

export function Sheet(props: SheetProps) {
  return <WhenOpened open={props.open}>{() => <SheetLayer {...props} />}</WhenOpened>;
}

/** Loads the content on first opening. It stays mounted afterwards, for the closing animation. */
function WhenOpened({ open, children }: { readonly open: boolean; readonly children: () => ReactNode }) {
  const wasOpened = useRef(open);
  wasOpened.current ||= open;
  return wasOpened.current ? <Suspense fallback={null}>{children()}</Suspense> : null;
}
