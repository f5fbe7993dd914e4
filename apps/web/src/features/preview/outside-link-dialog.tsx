import { useRef } from "react";
import { Button, buttonLook } from "../../design/button.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface OutsideLinkDialogProps {
  /** Undefined hides the dialog. */
  readonly address: string | undefined;
  readonly opener: () => HTMLElement | null;
  readonly onClose: () => void;
}

/** The file's author may control the frame's messages. So the person sees the target and opens it from this page. */
export function OutsideLinkDialog({ address, opener, onClose }: OutsideLinkDialogProps) {
  const { message } = useMessages();
  // A click closes the dialog before the browser follows the link, which still needs its address.
  const shown = useRef(address);
  shown.current = address ?? shown.current;
  return (
    <Dialog
      open={address !== undefined}
      size="small"
      title={message("preview.leave")}
      about={message("preview.leaveAbout")}
      onClose={onClose}
      opener={opener}
      acts={
        <>
          <Button onClick={onClose}>{message("preview.stay")}</Button>
          <a
            href={shown.current}
            target="_blank"
            rel="noopener noreferrer"
            onClick={onClose}
            className={buttonLook("primary")}
          >
            {message("preview.follow")}
          </a>
        </>
      }
    >
      <p dir="ltr" className="rounded-md bg-hover p-3 font-mono text-sm wrap-anywhere">
        {shown.current}
      </p>
    </Dialog>
  );
}
