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
 * What would go of an account, or how far it is where that was asked for.
 * @param isShown what tells it is open: the proof that is asked for first lies over it then, and two dialogs that open at once hide each other
 */
export function useShredding(userId: string, isShown: boolean) {
  const { client } = useDrive();
  const queries = useQueryClient();
  const queryKey = shreddingKey(userId);
  const load = useQuery({
    queryKey,
    enabled: isShown,
    // What is read of it asks for no proof, so that a dialog left open asks for none either.
    queryFn: ({ signal }) =>
      isAsked(queries.getQueryData<ShreddingJson>(queryKey))
        ? client.call("adminGetShredding", { params: { id: userId }, signal })
        : client.call("adminShredUser", { params: { id: userId }, body: { dry_run: true }, signal }),
    refetchInterval: ({ state: { data } }) => (isAsked(data) && data?.state !== "done" ? pollMs : false),
    // What goes is counted anew each time that somebody is asked.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const step = isAsked(load.data) ? (load.data?.step ?? "done") : undefined;
  // With its rows the account leaves the list.
  useEffect(() => {
    if (step !== undefined) void queries.invalidateQueries({ queryKey: usersKey });
  }, [queries, step]);
  return load;
}

function isAsked(shredding: ShreddingJson | undefined): boolean {
  return shredding !== undefined && shredding.state !== "dry_run";
}
