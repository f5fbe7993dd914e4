import type { CommentJson } from "@holdfast/protocol/comment-routes";
import type { PersonJson } from "@holdfast/protocol/values";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Check from "lucide-react/icons/check";
import RotateCcw from "lucide-react/icons/rotate-ccw";
import Trash from "lucide-react/icons/trash-2";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { mentionParts } from "./mention-text.ts";
import { NewComment } from "./new-comment.tsx";
import { byCursor, Pages } from "./pages.tsx";
import type { Commented } from "./use-readers.ts";

export function Comments({ node }: { readonly node: Commented }) {
  const { client } = useDrive();
  const { message } = useMessages();
  const query = useInfiniteQuery({
    queryKey: ["comments", node.id],
    queryFn: ({ pageParam, signal }) =>
      client.call("listComments", { params: { id: node.id }, query: { limit: 100, cursor: pageParam }, signal }),
    staleTime: 0,
    ...byCursor,
  });
  return (
    <div className="flex flex-col gap-4">
      <Pages query={query} empty={message("details.noComments")}>
        {(comments) => (
          <ul className="flex flex-col gap-4">
            {comments.map((comment) => (
              <Comment key={comment.id} node={node} comment={comment} />
            ))}
          </ul>
        )}
      </Pages>
      {node.role !== "viewer" && (
        <NewComment node={node} talkers={query.data?.pages.flatMap(({ items }) => items.flatMap(peopleIn)) ?? []} />
      )}
    </div>
  );
}

function peopleIn({ author, mentions }: CommentJson): PersonJson[] {
  // Links and deleted accounts have a name in parentheses.
  return [author, ...mentions].filter(({ name }) => !name.startsWith("("));
}

function Comment({ node, comment }: { readonly node: Commented; readonly comment: CommentJson }) {
  const { client } = useDrive();
  const { message, ago, dateTime } = useMessages();
  const account = useQuery({ queryKey: ["account"], queryFn: ({ signal }) => client.call("getAccount", { signal }) });
  const act = useCommentAct(node.id);
  const { id, author, resolved } = comment;
  const isOwn = author.id === account.data?.id;
  return (
    <li className={`flex gap-3 ${resolved ? "text-muted" : ""}`}>
      <Avatar name={author.name} />
      <div className="min-w-0 flex-1">
        <p className="text-sm">
          <bdi className="font-semibold">{author.name}</bdi>{" "}
          <time dateTime={comment.at} title={dateTime(comment.at)} className="text-muted">
            {ago(comment.at)}
          </time>
          {resolved && <span className="ms-2 text-muted">{message("details.resolved")}</span>}
        </p>
        <p className="whitespace-pre-wrap wrap-anywhere">
          {mentionParts(comment.text, comment.mentions).map(({ text, person }, at) =>
            person === undefined ? (
              text
            ) : (
              <bdi key={at} className="font-semibold">
                {text}
              </bdi>
            ),
          )}
        </p>
      </div>
      <IconButton
        small
        label={message(resolved ? "details.reopen" : "details.resolve")}
        Icon={resolved ? RotateCcw : Check}
        onClick={() =>
          act.mutate(() => client.call("resolveComment", { params: { id }, body: { resolved: !resolved } }))
        }
      />
      {(isOwn || node.role === "owner") && (
        <IconButton
          small
          label={message("details.deleteComment")}
          Icon={Trash}
          onClick={() => act.mutate(() => client.call("deleteComment", { params: { id } }))}
        />
      )}
    </li>
  );
}

function useCommentAct(nodeId: string) {
  const words = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (call: () => Promise<unknown>) => call(),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["comments", nodeId] }),
  });
}
