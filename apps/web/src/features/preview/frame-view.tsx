import type { NodeJson } from "@holdfast/protocol/values";
import CodeXml from "lucide-react/icons/code-xml";
import WrapText from "lucide-react/icons/wrap-text";
import { useState } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { changePreferences, preferences } from "../../browser/preferences.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { FrameFacts, FrameKind } from "../../preview-frame/frame-messages.ts";
import { CutNotice } from "./cut-notice.tsx";
import { FileInFrame, Unseen } from "./file-in-frame.tsx";
import { FrameBar } from "./frame-bar.tsx";
import { type FramedKind, isText, renderedBytesMax } from "./preview-kind.ts";

/** PDFs have their own view. */
type ViewKind = Exclude<FramedKind, "pdf">;

interface FrameViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly kind: ViewKind;
  readonly onLeft: () => void;
}

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

const frameKinds: Readonly<Record<ViewKind, FrameKind>> = {
  text: "text",
  markdown: "markdown",
  table: "table",
  drawing: "picture",
  document: "document",
  workbook: "workbook",
};
