import { toHoldfastError } from "@holdfast/core/errors";
import type { Drive } from "../../../data/drive.ts";
import { shownName } from "../../../design/shown-name.ts";
import { showToast } from "../../../design/toasts.ts";
import { messages } from "../../../messages/use-messages.ts";
import type { ListedRow } from "../rows/row-source.ts";

/** Adds shared folders to the top level of the account's own files. Taken names get a number. */
export async function mountAll(
  { client }: Drive,
  rows: readonly ListedRow[],
  open: (folderId: string) => void,
): Promise<void> {
  const { message } = messages();
  for (const row of rows) {
    try {
      const { name } = await client.call("createMount", { body: { node_id: row.id } });
      const text = message("share.mounted", { name: shownName(name) });
      showToast({ text, act: { label: message("share.openMounted"), run: () => open(row.id) } });
    } catch (thrown) {
      if (toHoldfastError(thrown).code !== "conflict") throw thrown;
      // Another mount shows the folder, alone or within a folder above.
      showToast({ kind: "error", text: message("share.mountedAlready", { name: shownName(row.name) }) });
    }
  }
}
