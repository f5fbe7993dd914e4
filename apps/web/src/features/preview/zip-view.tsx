import type { NodeJson } from "@holdfast/protocol/values";
import { useMemo, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { FrameFacts } from "../../preview-frame/frame-messages.ts";
import { FrameBar } from "./frame-bar.tsx";
import { Framed } from "./framed.tsx";
import { makeRangeReader } from "./range-reader.ts";

interface ZipViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly onLeft: () => void;
}

const nothing = new Blob();

/** Downloads only the directory at the zip's end. */
export function ZipView({ node, version, onLeft }: ZipViewProps) {
  const { client } = useDrive();
  const { message, size } = useMessages();
  const [facts, setFacts] = useState<FrameFacts>();
  // Reads one version, even if a new one is saved.
  const shown = version ?? node.version_id ?? undefined;
  const read = useMemo(() => {
    const query = shown === undefined ? {} : { version: shown };
    return makeRangeReader(node.size, async (start, end) => {
      const headers = { range: `bytes=${start}-${end - 1}` };
      const pieces = await client.bytes("download", { params: { id: node.id }, query, headers }, end - start);
      return new Blob(pieces as BlobPart[]).arrayBuffer();
    });
  }, [client, node.id, node.size, shown]);
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <FrameBar>
        <p role="status" className="flex-1 px-2 text-muted">
          {facts !== undefined && summaryOf(facts, message, size)}
        </p>
      </FrameBar>
      <Framed
        name={node.name}
        kind="zip"
        content={nothing}
        sizeBytes={node.size}
        onFacts={setFacts}
        onLeft={onLeft}
        onRead={read}
      />
    </div>
  );
}

type Words = ReturnType<typeof useMessages>;

function summaryOf(facts: FrameFacts, message: Words["message"], size: Words["size"]): string {
  const { filesCount = 0, foldersCount = 0, contentBytes = 0, isCut } = facts;
  const counted = [
    message("preview.files", { count: filesCount }),
    ...(foldersCount > 0 ? [message("preview.folders", { count: foldersCount })] : []),
    message("preview.zipUnpacked", { size: size(contentBytes) }),
    ...(isCut === true ? [message("preview.zipCut")] : []),
  ];
  return counted.join(" · ");
}
