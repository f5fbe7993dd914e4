import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Failure, Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { KeptFile } from "../../offline/kept-index.ts";
import { isText, previewKind } from "./preview-kind.ts";

/** The preview frame is unavailable offline, so only formats without a parser are shown. */
export function KeptView({ file }: { readonly file: KeptFile }) {
  const { message } = useMessages();
  const { kept } = useDrive();
  const { data: content, isFetched } = useQuery({
    queryKey: ["kept", file.id, file.contentId],
    networkMode: "always",
    gcTime: 0,
    staleTime: 0,
    queryFn: async () => (await (await kept.open())?.open(file.id)) ?? null,
  });
  if (!isFetched) return null;
  if (content == null) return <Unseen title={message("offline.keptNot")} />;
  const kind = previewKind({ kind: "file", name: file.name, mime_type: file.mimeType, size: file.sizeBytes });
  if (isText(kind)) return <KeptText content={content} />;
  return <KeptMedia file={file} content={content} kind={kind} />;
}

interface KeptMediaProps {
  readonly file: KeptFile;
  readonly content: File;
  readonly kind: ReturnType<typeof previewKind>;
}

function KeptMedia({ file, content, kind }: KeptMediaProps) {
  const { message } = useMessages();
  const address = useAddress(content, kind === "image" || kind === "video" || kind === "audio" ? file.mimeType : null);
  const [isBroken, setBroken] = useState(false);
  if (address === undefined) return null;
  if (isBroken) return <Unseen title={message("preview.broken")} />;
  const look = "m-auto max-h-full max-w-full min-h-0 object-contain";
  const player = { src: address, controls: true, "aria-label": file.name, onError: () => setBroken(true) };
  if (kind === "image") return <img src={address} alt={file.name} onError={() => setBroken(true)} className={look} />;
  if (kind === "video") return <video {...player} className={look} />;
  if (kind === "audio") return <audio {...player} className="m-auto w-full max-w-140" />;
  return (
    <div className="m-auto max-w-prose p-6">
      <Notice
        kind="info"
        acts={<Button onClick={() => save(address, file.name)}>{message("preview.download")}</Button>}
      >
        {message("offline.keptSave")}
      </Notice>
    </div>
  );
}

function KeptText({ content }: { readonly content: File }) {
  const words = useMessages();
  const { data } = useQuery({
    queryKey: ["kept-text", content.name],
    networkMode: "always",
    gcTime: 0,
    queryFn: () => content.slice(0, shownBytesMax).text(),
  });
  return (
    <div className="min-h-0 flex-1 overflow-auto p-4 sm:p-6">
      {content.size > shownBytesMax && (
        <div className="mb-4">
          <Notice kind="info">{words.message("preview.beginning", { size: words.size(shownBytesMax) })}</Notice>
        </div>
      )}
      <pre tabIndex={0} dir="auto" className="mx-auto max-w-280 font-mono text-base whitespace-pre-wrap wrap-anywhere">
        {data}
      </pre>
    </div>
  );
}

const shownBytesMax = 1_000_000;

function Unseen({ title }: { readonly title: string }) {
  return (
    <div className="m-auto">
      <Failure title={title} />
    </div>
  );
}

/** @param type for a player or image; any other type could open as a page of this origin */
function useAddress(content: File, type: string | null): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(content.slice(0, content.size, type ?? "application/octet-stream"));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content, type]);
  return address;
}

function save(address: string, name: string): void {
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
