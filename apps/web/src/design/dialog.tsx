import { type ReactNode, Suspense, useRef } from "react";
import { lazyPart } from "./lazy-part.ts";

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly about?: ReactNode;
  readonly children?: ReactNode;
  /** The main button comes last. */
  readonly acts?: ReactNode;
  readonly size?: "small" | "medium" | "large";
  /** Only the buttons close it, because the content is shown only once. */
  readonly isKept?: boolean;
  /** Called on Escape, the close button or a click outside. */
  readonly onClose: () => void;
  /** Gets the focus after closing, if the previously focused element may be gone. */
  readonly opener?: () => HTMLElement | null;
}

export interface SheetProps extends DialogProps {
  /** Edge from which the sheet slides in; "bottom" as on a phone. */
  readonly side?: "end" | "bottom";
}

const layer = () => import("./dialog-layer.tsx");
const close = ({ onClose }: DialogProps) => onClose();
const DialogLayer = lazyPart(async () => (await layer()).DialogLayer, close);
const SheetLayer = lazyPart(async () => (await layer()).SheetLayer, close);

export function Dialog(props: DialogProps) {
  return <WhenOpened open={props.open}>{() => <DialogLayer {...props} />}</WhenOpened>;
}

export function Sheet(props: SheetProps) {
  return <WhenOpened open={props.open}>{() => <SheetLayer {...props} />}</WhenOpened>;
}

/** Loads on first opening and stays mounted for the closing animation. */
function WhenOpened({ open, children }: { readonly open: boolean; readonly children: () => ReactNode }) {
  const wasOpened = useRef(open);
  wasOpened.current ||= open;
  return wasOpened.current ? <Suspense fallback={null}>{children()}</Suspense> : null;
}
