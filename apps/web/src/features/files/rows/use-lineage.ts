import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { lineageQuery } from "../../../data/lineage.ts";
import { useDrive } from "../../../data/use-drive.ts";

/** Read again when a folder or an ancestor changes, since it may have been renamed or moved. */
export function useLineage(id: string, enabled = true) {
  const { client, live, queries } = useDrive();
  const query = useQuery({ ...lineageQuery(client, id), enabled });
  const { data } = query;
  useEffect(() => {
    const ids = new Set(data?.map((node) => node.id));
    return live.listen((news) => {
      const isAbout =
        news.kind === "reread" || (news.kind === "changes" && news.changes.some((one) => ids.has(one.id)));
      if (isAbout) void queries.invalidateQueries({ queryKey: ["lineage", id] });
    });
  }, [live, queries, id, data]);
  return query;
}
