import { countFiles, waitingParcels } from "../browser/received-files.ts";
import { showToast } from "../design/toasts.ts";
import { messages } from "../messages/use-messages.ts";
import { router } from "./router.tsx";

/** Once per page, because the person may have left the place without a choice. */
export async function remindReceived(account: string | undefined): Promise<void> {
  const { fileCount: count, parcels } = await waitingParcels(account);
  if (count === 0 || router.state.location.pathname === "/receive") return;
  const { message, day } = messages();
  const ending = parcels.filter(({ deleteMs }) => deleteMs !== undefined);
  const firstMs = Math.min(...ending.map(({ deleteMs = Infinity }) => deleteMs));
  const text =
    ending.length === 0
      ? message("receive.waiting", { count })
      : message("receive.deletedSoon", { count: countFiles(ending), date: day(firstMs) });
  const choose = () => void router.navigate({ to: "/receive" });
  showToast({ text, act: { label: message("receive.choose"), run: choose } });
}
