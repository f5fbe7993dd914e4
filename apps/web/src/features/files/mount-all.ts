import type { Drive } from "../../data/drive.ts";
import { showToast } from "../../design/toasts.ts";
import { messages } from "../../messages/use-messages.ts";
import type { ListedRow } from "./row-source.ts";

/** Adds shared folders to the top level of the account's own files. @throws HoldfastError conflict if the name is taken */
export async function mountAll(
  { client }: Drive,
  rows: readonly ListedRow[],
  open: (folderId: string) => void,
): Promise<void> {
  const { message } = messages();
  for (const { id } of rows) await client.call("createMount", { body: { node_id: id } });
  const [first, ...others] = rows;
  if (first === undefined) return;
  const text =
    others.length === 0
      ? message("share.mounted", { name: first.name })
      : message("share.mountedMany", { count: rows.length });
  showToast({ text, act: { label: message("share.openMounted"), run: () => open(first.id) } });
}
