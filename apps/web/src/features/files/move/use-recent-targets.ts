import { toHoldfastError } from "@holdfast/core/errors";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { recentFolders } from "../../../data/recent-folders.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { listed } from "../rows/list-queries.ts";
import { hindranceOf, type Moved } from "./move-targets.ts";
import type { ListedRow } from "../rows/row-source.ts";

const shownMax = 5;

/**
 * Folders into which the account moved or copied lately, latest first.
 * @param fromId folder with the items, which is not returned
 * @returns undefined while they load
 */
export function useRecentTargets(moved: Moved, fromId: string | undefined): readonly ListedRow[] | undefined {
  const { client, account } = useDrive();
  const [ids] = useState(() => recentFolders(account()));
  const { data = [], isLoading } = useQuery({
    queryKey: ["recent-folders", ids],
    enabled: ids.length > 0,
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const answers = await Promise.allSettled(ids.map((id) => client.call("getNode", { params: { id }, signal })));
      const nodes = answers.flatMap((answer) => {
        if (answer.status === "fulfilled") return answer.value.trashed_at === null ? [answer.value] : [];
        // The folder is gone. After any other failure, the previous answer stays.
        if (toHoldfastError(answer.reason).code === "not_found") return [];
        throw answer.reason;
      });
      return nodes.map((node) => listed(node));
    },
  });
  if (isLoading) return undefined;
  return data.filter((row) => row.id !== fromId && hindranceOf(row, moved) === undefined).slice(0, shownMax);
}
