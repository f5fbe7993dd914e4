import Minus from "lucide-react/icons/minus";
import Plus from "lucide-react/icons/plus";
import type { ReactNode } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface ZoomButtonsProps {
  readonly percent: string;
  /** Leaves out the percentage on phones. */
  readonly isTight?: boolean;
  readonly onOut: () => void;
  readonly onIn: () => void;
  /** Buttons that fit the content into its place. */
  readonly children: ReactNode;
}

export function ZoomButtons({ percent, isTight, onOut, onIn, children }: ZoomButtonsProps) {
  const { message } = useMessages();
  return (
    <div role="group" aria-label={message("preview.zoom")} className="flex shrink-0 items-center gap-1">
      <IconButton label={message("preview.zoomOut")} keys="−" Icon={Minus} onClick={onOut} />
      <p aria-live="polite" className={`w-14 text-center tabular-nums ${isTight === true ? "max-sm:hidden" : ""}`}>
        {percent}
      </p>
      <IconButton label={message("preview.zoomIn")} keys="+" Icon={Plus} onClick={onIn} />
      {children}
    </div>
  );
}
