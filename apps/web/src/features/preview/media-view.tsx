import type { NodeJson } from "@holdfast/protocol/values";
import { useRef, useState } from "react";
import { Failure } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignedAddress } from "./use-signed-address.ts";

interface MediaViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly kind: "video" | "audio";
}

/** Seeks by range requests. When the signed URL expires, playback continues with a new one. */
export function MediaView({ node, version, kind }: MediaViewProps) {
  const words = useMessages();
  const { data: address, error, refetch } = useSignedAddress(node.id, version, node.content_id);
  const [isBroken, setBroken] = useState(false);
  const time = useRef(0);
  const renewedAt = useRef<number>(undefined);
  if (error !== null || isBroken) {
    return (
      <div className="m-auto">
        <Failure title={error === null ? words.message("preview.broken") : problemWords(error, words)} />
      </div>
    );
  }
  const renew = () => {
    // A second error at one position is not caused by the URL.
    if (renewedAt.current === time.current) setBroken(true);
    renewedAt.current = time.current;
    void refetch();
  };
  const player = {
    src: address,
    controls: true,
    autoPlay: true,
    "aria-label": node.name,
    onError: renew,
    onTimeUpdate: ({ currentTarget }: { readonly currentTarget: HTMLMediaElement }) => {
      time.current = currentTarget.currentTime;
    },
    onLoadedMetadata: ({ currentTarget }: { readonly currentTarget: HTMLMediaElement }) => {
      currentTarget.currentTime = time.current;
    },
  };
  return (
    <div className="flex min-h-0 flex-1 items-center justify-center p-4">
      {address !== undefined && kind === "video" && <video {...player} className="max-h-full max-w-full" />}
      {address !== undefined && kind === "audio" && <audio {...player} className="w-full max-w-140" />}
    </div>
  );
}
