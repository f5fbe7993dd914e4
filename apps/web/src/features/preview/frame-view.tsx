import type { NodeJson } from "@holdfast/protocol/values";
import CodeXml from "lucide-react/icons/code-xml";
import WrapText from "lucide-react/icons/wrap-text";
import { useState } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { Failure, Notice } from "../../design/notice.tsx";
import { changePreferences, preferences } from "../../browser/preferences.ts";
import { Progress } from "../../design/progress.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { FrameFacts, FrameKind } from "../../preview-frame/frame-messages.ts";
import { Framed } from "./framed.tsx";
import { FrameBar } from "./frame-bar.tsx";
import { type FramedKind, isText, renderedBytesMax, textBytesMax } from "./preview-kind.ts";
import { useFileBytes } from "./use-file-bytes.ts";

interface FrameViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly kind: FramedKind;
  /** Escape was pressed in the frame. */
  readonly onLeft: () => void;
}

/** Rendered, or as source text. */
export function FrameView({ node, version, kind, onLeft }: FrameViewProps) {
  const { message } = useMessages();
  const isSmall = kind === "table" || node.size <= renderedBytesMax[kind];
  const mayRender = kind !== "text" && isSmall;
  const [isSource, setSource] = useState(!mayRender);
  const [wraps, setWraps] = useState(preferences().lines !== "whole");
  const [facts, setFacts] = useState<FrameFacts>({});
  if (!isText(kind) && !isSmall) return <Unseen title={message("preview.tooLarge")} />;
  const toggleSource = () => {
    setFacts({});
    setSource(!isSource);
  };
  const toggleWrap = () => {
    changePreferences({ lines: wraps ? "whole" : "wrapped" });
    setWraps(!wraps);
  };
  const canWrap = isSource && facts.mayWrap === true;
  const hasSource = mayRender && isText(kind);
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      {(canWrap || hasSource) && (
        <FrameBar>
          {canWrap && (
            <IconButton label={message("preview.wrap")} Icon={WrapText} aria-pressed={wraps} onClick={toggleWrap} />
          )}
          {hasSource && (
            <IconButton
              label={message("preview.source")}
              Icon={CodeXml}
              aria-pressed={isSource}
              onClick={toggleSource}
            />
          )}
        </FrameBar>
      )}
      <CutNotice facts={facts} />
      <FileInFrame
        key={isSource ? "source" : "rendered"}
        node={node}
        version={version}
        kind={isSource ? "text" : frameKinds[kind]}
        wraps={wraps}
        onFacts={setFacts}
        onLeft={onLeft}
      />
    </div>
  );
}

/** Names the parts of the file that are not shown. */
function CutNotice({ facts }: { readonly facts: FrameFacts }) {
  const { message } = useMessages();
  const { isCut, rowsCount, columnsCount, hasCutCells } = facts;
  const ofTable = [
    ...(rowsCount === undefined ? [] : [message("preview.rowsCut", { count: rowsCount })]),
    ...(columnsCount === undefined ? [] : [message("preview.columnsCut", { count: columnsCount })]),
    ...(hasCutCells === true ? [message("preview.cellsCut")] : []),
  ];
  const sentences = ofTable.length > 0 ? [...ofTable, message("preview.tableRest")] : [message("preview.cut")];
  if (ofTable.length === 0 && isCut !== true) return null;
  return (
    <div className="p-2">
      <Notice kind="info">{sentences.join(" ")}</Notice>
    </div>
  );
}

const frameKinds: Readonly<Record<FramedKind, FrameKind>> = {
  text: "text",
  markdown: "markdown",
  table: "table",
  drawing: "picture",
  pdf: "pdf",
  document: "document",
  workbook: "workbook",
};

interface FileInFrameProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly kind: FrameKind;
  readonly wraps: boolean;
  readonly onFacts: (facts: FrameFacts) => void;
  readonly onLeft: () => void;
}

function FileInFrame({ node, version, kind, wraps, onFacts, onLeft }: FileInFrameProps) {
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
      <Framed
        name={node.name}
        kind={kind}
        content={data}
        sizeBytes={isPart ? node.size : data.size}
        wraps={wraps}
        onFacts={onFacts}
        onLeft={onLeft}
      />
    </>
  );
}

function Unseen({ title }: { readonly title: string }) {
  return (
    <div className="m-auto">
      <Failure title={title} />
    </div>
  );
}
