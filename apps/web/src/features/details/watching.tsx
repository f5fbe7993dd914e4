import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Bell from "lucide-react/icons/bell";
import BellOff from "lucide-react/icons/bell-off";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Notifications about changes by others. Hidden until the state is known, and for uploaders, who cannot read. */
export function Watching({ node }: { readonly node: NodeJson }) {
  const { client } = useDrive();
  const words = useMessages();
  const { message } = words;
  const queries = useQueryClient();
  const { id, name, role, trashed_at: trashedAt } = node;
  const queryKey = ["watch", id];
  const { data } = useQuery({
    queryKey,
    enabled: role !== "uploader" && trashedAt === null,
    queryFn: ({ signal }) => client.call("getWatch", { params: { id }, signal }),
  });
  const toggle = useMutation({
    mutationFn: async (starts: boolean) => {
      await client.call(starts ? "watchNode" : "unwatchNode", { params: { id } });
    },
    onSuccess: (_, starts) => showToast({ text: message(starts ? "details.watched" : "details.unwatched", { name }) }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["watch"] }),
  });
  if (data === undefined) return null;
  const { watched: isWatched, folder_watched: isFolderWatched } = data;
  if (isFolderWatched && !isWatched) return <p className="w-full text-muted">{message("details.folderWatched")}</p>;
  return (
    <Button Icon={isWatched ? BellOff : Bell} busy={toggle.isPending} onClick={() => toggle.mutate(!isWatched)}>
      {message(isWatched ? "details.unwatch" : "details.watch")}
    </Button>
  );
}
