import { useParams } from "@tanstack/react-router";
import HardDriveDownload from "lucide-react/icons/hard-drive-download";
import { buttonLook } from "../design/button.tsx";
import { useMessages } from "../messages/use-messages.ts";
import { useCurrentLink, useOpenedLink } from "./current-link.ts";

/** Leads to the app, which asks for the folder after the sign-in, because this page knows no account. */
export function SaveToDrive() {
  const { message } = useMessages();
  const { token } = useOpenedLink();
  const { node: top } = useCurrentLink();
  const { id = top.id } = useParams({ strict: false });
  const isTop = id === top.id;
  // Only a root folder has no name, and it cannot be copied.
  if (isTop && top.name === "") return null;
  return (
    <a
      href={isTop ? `/save/${token}` : `/save/${token}?${new URLSearchParams({ in: id }).toString()}`}
      data-tooltip={message("saveLink.title")}
      className={buttonLook("secondary")}
    >
      <HardDriveDownload aria-hidden size={16} className="shrink-0" />
      <span className="max-sm:sr-only">{message("saveLink.title")}</span>
    </a>
  );
}
