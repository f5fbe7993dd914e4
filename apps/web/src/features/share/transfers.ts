import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { TransferJson } from "@holdfast/protocol/transfer-routes";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Drive } from "../../data/drive.ts";
import { useDrive } from "../../data/use-drive.ts";
import { showToast } from "../../design/toasts.ts";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { SharingProps } from "./sharing-props.ts";

const transfersKey = ["transfers"] as const;

/** The server transfers a symbolic link only with its folder, and the root folder not at all. */
export function isTransferable({ role, kind, parent_id: parentId, trashed_at: trashedAt }: SharingProps["node"]) {
  return role === "owner" && (kind === "file" || kind === "folder") && parentId !== null && trashedAt === null;
}

/** The offer of an item that waits for its new owner or is being carried out; null if there is none. */
export function offerOf({ client }: Drive, nodeId: string) {
  return queryOptions({
    queryKey: [...transfersKey, nodeId],
    // Nothing reports that the other person declined.
    staleTime: 0,
    queryFn: async ({ signal }) => {
      let cursor: string | undefined;
      do {
        const query = { limit: limits.transfersPageMax, cursor };
        const { items, next_cursor: next } = await client.call("listTransfers", { query, signal });
        const found = items.find(({ node }) => node.id === nodeId);
        if (found !== undefined) return found;
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return null;
    },
  });
}

/** Offers an item to the account with an address. The server may require a proof of identity, which opens a dialog. */
export function useOffer(nodeId: string, onSuccess: (offer: TransferJson) => void) {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (email: string) => client.call("transferNode", { params: { id: nodeId }, body: { email } }),
    onSuccess,
    onSettled: () => queries.invalidateQueries({ queryKey: transfersKey }),
  });
}

export function useWithdraw() {
  const { client } = useDrive();
  const words = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: TransferJson) => client.call("deleteTransfer", { params: { id } }),
    onSuccess: () => showToast({ text: words.message("share.withdrawn") }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: transfersKey }),
  });
}

export function offerProblem(thrown: unknown, words: Messages): string {
  const { code, field } = toHoldfastError(thrown);
  if (code === "conflict") return words.message("share.transferTaken");
  if (code === "invalid_field" && field === "email") return words.message("share.transferUnknown");
  return problemWords(thrown, words);
}
