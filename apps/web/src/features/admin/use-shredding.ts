import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usersKey } from "./users-list.ts";

const pollMs = 2000;

export function shreddingKey(userId: string) {
  return ["admin-shredding", userId] as const;
}

/**
 * Preview of an account's deletion, or its progress once it has started.
 * @param isShown set when the dialog is open. The proof dialog then opens above it; two dialogs that open together
 * would hide each other
 */
export function useShredding(userId: string, isShown: boolean) {
  const { client } = useDrive();
  const queries = useQueryClient();
  const queryKey = shreddingKey(userId);
  const load = useQuery({
    queryKey,
    enabled: isShown,
    // Reading the progress requires no proof, so an open dialog does not ask for it again.
    queryFn: ({ signal }) =>
      isAsked(queries.getQueryData<ShreddingJson>(queryKey))
        ? client.call("adminGetShredding", { params: { id: userId }, signal })
        : client.call("adminShredUser", { params: { id: userId }, body: { dry_run: true }, signal }),
    refetchInterval: ({ state: { data } }) => (isAsked(data) && data?.state !== "done" ? pollMs : false),
    // The preview is counted again each time the dialog opens.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const step = isAsked(load.data) ? (load.data?.step ?? "done") : undefined;
  // The last steps remove the account from the list.
  useEffect(() => {
    if (step !== undefined) void queries.invalidateQueries({ queryKey: usersKey });
  }, [queries, step]);
  return load;
}

function isAsked(shredding: ShreddingJson | undefined): boolean {
  return shredding !== undefined && shredding.state !== "dry_run";
}
