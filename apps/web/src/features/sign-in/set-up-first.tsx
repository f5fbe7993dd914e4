import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";

/** Shown while the server has no account. */
export function SetUpFirst() {
  const { message } = useMessages();
  return (
    <Notice kind="info" title={message("setup.first")}>
      <p>{message("setup.firstNext")}</p>
      <code className="mt-1 block text-sm wrap-anywhere">holdfast admin setup-link</code>
      <p className="mt-1 text-sm">{message("setup.firstData")}</p>
    </Notice>
  );
}
