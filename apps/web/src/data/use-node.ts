import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useDrive } from "./use-drive.ts";

/** Complete node, kept current. Rows contain only a few of its fields. */
export function useNode(id: string | undefined) {
  const { client, live } = useDrive();
  const queries = useQueryClient();
  useEffect(() => {
    if (id === undefined) return undefined;
    return live.listen((news) => {
      if (news.kind === "reread") return void queries.invalidateQueries({ queryKey: ["node", id] });
      if (news.kind !== "changes") return undefined;
      const change = news.changes.findLast((each) => each.id === id);
      if (change?.node !== undefined) return void queries.setQueryData<NodeJson>(["node", id], change.node);
      if (change?.kind === "gone") return void queries.invalidateQueries({ queryKey: ["node", id] });
      return undefined;
    });
  }, [id, live, queries]);
  return useQuery({
    queryKey: ["node", id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => client.call("getNode", { params: { id: id ?? "" }, signal }),
  });
}
