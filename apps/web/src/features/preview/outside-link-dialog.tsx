import { Button, buttonLook } from "../../design/button.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface OutsideLinkDialogProps {
  /** Where something in a file leads; none asks nothing. */
  readonly address: string | undefined;
  readonly opener: () => HTMLElement | null;
  readonly onClose: () => void;
}

/** What a frame says may be said by whoever made the file: where it leads is seen, and followed by a press on this page alone. */
export function OutsideLinkDialog({ address, opener, onClose }: OutsideLinkDialogProps) {
  const { message } = useMessages();
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
            href={address}
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
        {address}
      </p>
    </Dialog>
  );
}
