import type { NodeJson } from "@holdfast/protocol/values";
import { Failure, Notice } from "../../design/notice.tsx";
import { Progress } from "../../design/progress.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { Framed, type FramedProps } from "./framed.tsx";
import { textBytesMax } from "./preview-kind.ts";
import { useFileBytes } from "./use-file-bytes.ts";

interface FileInFrameProps extends Omit<FramedProps, "name" | "content" | "sizeBytes"> {
  readonly node: NodeJson;
  readonly version: number | undefined;
}

export function FileInFrame({ node, version, ...framed }: FileInFrameProps) {
  const { kind } = framed;
  const words = useMessages();
  const bytesMax = kind === "text" || kind === "table" ? textBytesMax : node.size;
  const { data, error } = useFileBytes(node, version, bytesMax);
  if (error !== null) return <Unseen title={problemWords(error, words)} />;
  if (data === undefined) {
    return (
      <div className="m-auto w-60 animate-appear-late">
        <Progress label={words.message("design.loading")} />
      </div>
    );
  }
  const isPart = node.size > bytesMax && data.size === bytesMax;
  return (
    <>
      {isPart && kind === "text" && (
        <div className="p-2">
          <Notice kind="info">{words.message("preview.beginning", { size: words.size(bytesMax) })}</Notice>
        </div>
      )}
      <Framed {...framed} name={node.name} content={data} sizeBytes={isPart ? node.size : data.size} />
    </>
  );
}

export function Unseen({ title }: { readonly title: string }) {
  return (
    <div className="m-auto">
      <Failure title={title} />
    </div>
  );
}
