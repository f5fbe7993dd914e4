import { lazy, Suspense } from "react";
import { serverName } from "../browser/server-name.ts";
import { useDrive } from "../data/use-drive.ts";
import { useNode } from "../data/use-node.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { showToast } from "../design/toasts.ts";
import { shownName } from "../design/shown-name.ts";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages, withWords } from "../messages/use-messages.ts";

const ShownFile = lazy(async () => ({
  default: (await withWords(import("../features/preview/preview.tsx"))).ShownFile,
}));

export function SharedFile({ id }: { readonly id: string }) {
  const words = useMessages();
  const { message, size, dateTime } = words;
  const { client, viewer } = useDrive();
  const { data: node, error, refetch } = useNode(id);
  usePageTitle(node === undefined ? undefined : shownName(node.name));
  if (error !== null) {
    return (
      <>
        <h1 className="sr-only">{serverName}</h1>
        <Failure
          title={problemWords(error, words)}
          acts={<Button onClick={() => void refetch()}>{message("files.tryAgain")}</Button>}
        />
      </>
    );
  }
  if (node === undefined) return null;
  const save = () =>
    void viewer
      .save(client, { id, use: "download" })
      .catch((thrown: unknown) => showToast({ kind: "error", text: problemWords(thrown, words) }));
  return (
    <div className="flex h-full flex-col">
      <div className="flex shrink-0 flex-wrap items-baseline gap-x-3 border-b border-line px-4 py-3 lg:px-6">
        <h1 className="min-w-0 text-lg font-semibold wrap-anywhere">
          <bdi>{shownName(node.name)}</bdi>
        </h1>
        <p className="text-muted">
          {size(node.size)} · {dateTime(node.modified_at)}
        </p>
      </div>
      <div className="relative flex min-h-0 flex-1">
        <Suspense fallback={null}>
          <ShownFile key={node.content_id} node={node} onDownload={save} />
        </Suspense>
      </div>
    </div>
  );
}
