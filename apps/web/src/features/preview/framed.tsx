import { useEffect, useRef, useState } from "react";
import { preferences } from "../../browser/preferences.ts";
import { Failure } from "../../design/notice.tsx";
import type { PlainKey } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { FrameFacts, FrameKind, FrameOrder } from "../../preview-frame/frame-messages.ts";
import { type FrameListeners, type ShownFrame, showInFrame } from "../../preview-frame/show-in-frame.ts";
import { OutsideLinkDialog } from "./outside-link-dialog.tsx";

export interface FramedProps {
  readonly name: string;
  readonly kind: FrameKind;
  /** Empty for a zip. */
  readonly content: Blob;
  readonly sizeBytes: number;
  readonly wraps?: boolean;
  /** Edited text, instead of the content. */
  readonly text?: string;
  /** Called again when another part of the file is shown. */
  readonly onFacts?: (facts: FrameFacts) => void;
  readonly onLeft: () => void;
  readonly onRead?: NonNullable<FrameListeners["onRead"]>;
  readonly onPdf?: NonNullable<FrameListeners["onPdf"]>;
  /** Called before the content is shown. */
  readonly onOpened?: (send: ShownFrame["send"]) => void;
  readonly isHidden?: boolean;
}

/** Renders complex formats in an opaque origin, where a compromised renderer reaches nothing. */
export function Framed(props: FramedProps) {
  const { message } = useMessages();
  const [failure, setFailure] = useState<PlainKey>();
  const [address, setAddress] = useState<string>();
  const frame = useRef<HTMLIFrameElement>(null);
  const onLoad = useShown(props, setAddress, setFailure);
  if (failure !== undefined) {
    return (
      <div className="m-auto">
        <Failure title={message(failure)} />
      </div>
    );
  }
  return (
    <>
      <iframe
        ref={frame}
        title={props.name}
        src="/preview-frame"
        sandbox="allow-scripts"
        onLoad={onLoad}
        hidden={props.isHidden}
        className="min-h-0 w-full flex-1 border-0 focus-visible:-outline-offset-2"
      />
      <OutsideLinkDialog address={address} opener={() => frame.current} onClose={() => setAddress(undefined)} />
    </>
  );
}

function useShown(
  { name, kind, content, sizeBytes, wraps = true, text, onFacts, onLeft, onRead, onPdf, onOpened }: FramedProps,
  onLink: (address: string) => void,
  onFailure: (words: PlainKey) => void,
) {
  const { message, locale } = useMessages();
  const [ending] = useState(() => new AbortController());
  const [frame, setFrame] = useState<ShownFrame>();
  useEffect(() => () => ending.abort(), [ending]);
  useTold(frame, { wraps });
  useTold(frame, text === undefined ? undefined : { text });
  const show = async (element: HTMLIFrameElement) => {
    const { theme } = preferences();
    const direction = document.documentElement.dir === "rtl" ? "rtl" : "ltr";
    const words = {
      name: message("files.columnName"),
      size: message("files.columnSize"),
      changed: message("files.columnModified"),
      encrypted: message("preview.encrypted"),
      broken: message("preview.broken"),
      empty: message("preview.emptyTable"),
      link: message("preview.link"),
    };
    const look = { theme, locale, direction, wraps } as const;
    const given = { kind, name, bytes: await content.arrayBuffer(), sizeBytes, look, words };
    const listeners = {
      onLeft,
      onLink,
      ...(onRead && { onRead }),
      ...(onFacts && { onFacts }),
      ...(onPdf && { onPdf }),
    };
    const opened = showInFrame(element, given, ending.signal, listeners);
    setFrame(opened);
    onOpened?.(opened.send);
    await opened.shown;
  };
  return (event: { readonly currentTarget: HTMLIFrameElement }) =>
    void show(event.currentTarget).catch((error: unknown) => {
      if (!ending.signal.aborted) onFailure(failureOf(error));
    });
}

function useTold(frame: ShownFrame | undefined, order: FrameOrder | undefined): void {
  const orderJson = JSON.stringify(order);
  useEffect(() => {
    if (orderJson !== undefined) frame?.send(JSON.parse(orderJson) as FrameOrder);
  }, [frame, orderJson]);
}

const failureWords = new Map<string, PlainKey>([
  ["zip_damaged", "preview.zipDamaged"],
  ["zip_split", "preview.zipSplit"],
  ["office_encrypted", "preview.officeEncrypted"],
  ["office_large", "preview.tooLarge"],
]);

function failureOf(error: unknown): PlainKey {
  return (error instanceof Error ? failureWords.get(error.message) : undefined) ?? "preview.broken";
}
