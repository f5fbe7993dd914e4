import { waitingParcels } from "../browser/received-files.ts";
import { showToast } from "../design/toasts.ts";
import { messages } from "../messages/use-messages.ts";
import { router } from "./router.tsx";

/** Once per page, because the person may have left the place without a choice. */
export async function remindReceived(account: string | undefined): Promise<void> {
  const { fileCount: count } = await waitingParcels(account);
  if (count === 0 || router.state.location.pathname === "/receive") return;
  const { message } = messages();
  const choose = () => void router.navigate({ to: "/receive" });
  showToast({ text: message("receive.waiting", { count }), act: { label: message("receive.choose"), run: choose } });
}
