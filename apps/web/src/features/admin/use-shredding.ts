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
 * Preview of a deletion, or its progress.
 * @param isShown the dialog is open. Two dialogs that open together hide each other, and the proof dialog must be above
 */
export function useShredding(userId: string, isShown: boolean) {
  const { client } = useDrive();
  const queries = useQueryClient();
  const queryKey = shreddingKey(userId);
  const load = useQuery({
    queryKey,
    enabled: isShown,
    // Progress requires no proof, so an open dialog asks only once.
    queryFn: ({ signal }) =>
      isAsked(queries.getQueryData<ShreddingJson>(queryKey))
        ? client.call("adminGetShredding", { params: { id: userId }, signal })
        : client.call("adminShredUser", { params: { id: userId }, body: { dry_run: true }, signal }),
    refetchInterval: ({ state: { data } }) => (isAsked(data) && data?.state !== "done" ? pollMs : false),
    // Counted again for each preview.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const step = isAsked(load.data) ? (load.data?.step ?? "done") : undefined;
  // The account leaves the list at the end.
  useEffect(() => {
    if (step !== undefined) void queries.invalidateQueries({ queryKey: usersKey });
  }, [queries, step]);
  return load;
}

function isAsked(shredding: ShreddingJson | undefined): boolean {
  return shredding !== undefined && shredding.state !== "dry_run";
}
