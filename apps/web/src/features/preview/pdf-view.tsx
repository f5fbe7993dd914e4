import type { NodeJson } from "@holdfast/protocol/values";
import { type KeyboardEvent, useRef, useState } from "react";
import { isPressed } from "../../commands/chord.ts";
import { platform } from "../../commands/command-menu.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type {
  FrameFacts,
  PdfAnswer,
  PdfMatches,
  PdfOrder,
  PdfView as View,
} from "../../preview-frame/frame-messages.ts";
import type { ShownFrame } from "../../preview-frame/show-in-frame.ts";
import { CutNotice } from "./cut-notice.tsx";
import { FileInFrame, Unseen } from "./file-in-frame.tsx";
import { FindBar } from "./find-bar.tsx";
import { PasswordQuestion } from "./password-question.tsx";
import { PdfBar } from "./pdf-bar.tsx";
import { renderedBytesMax } from "./preview-kind.ts";
import { useViewKeys, type ViewKeys, zoomKeys } from "./view-keys.ts";

interface PdfViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
  readonly onLeft: () => void;
}

/** The controls are outside of the frame: they have the app's words, and a malicious file cannot change them. */
export function PdfView({ node, version, onLeft }: PdfViewProps) {
  const { message } = useMessages();
  const [facts, setFacts] = useState<FrameFacts>();
  const { view, matches, password, send, onOpened, onPdf, ...find } = usePdf();
  const place = useRef<HTMLDivElement>(null);
  useViewKeys(place, keysOf(view, send, find.open));
  if (node.size > renderedBytesMax.pdf) return <Unseen title={message("preview.tooLarge")} />;
  const isAsking = password !== undefined && facts === undefined;
  /** The browser's search sees only the pages near the view. */
  const findFromField = (event: KeyboardEvent) => {
    if (view === undefined || !isPressed("Mod+F", event.nativeEvent, platform)) return;
    event.preventDefault();
    find.open();
  };
  return (
    <div ref={place} onKeyDown={findFromField} className="flex min-h-0 min-w-0 flex-1 flex-col">
      {view !== undefined && (
        <PdfBar
          view={view}
          isFinding={find.isOn}
          findButton={find.button}
          onFind={find.isOn ? find.close : find.open}
          onOrder={send}
        />
      )}
      {find.isOn && (
        <FindBar
          matches={matches}
          field={find.field}
          onFind={(query, step) => send({ query, step })}
          onClose={find.close}
        />
      )}
      {facts !== undefined && <CutNotice facts={facts} />}
      {isAsking && <PasswordQuestion isWrong={password === "wrong"} onAnswer={(typed) => send({ password: typed })} />}
      <FileInFrame
        node={node}
        version={version}
        kind="pdf"
        isHidden={isAsking}
        onFacts={setFacts}
        onLeft={onLeft}
        onPdf={onPdf}
        onOpened={onOpened}
      />
    </div>
  );
}

function usePdf() {
  const frame = useRef<ShownFrame["send"]>(undefined);
  const [view, setView] = useState<View>();
  const [matches, setMatches] = useState<PdfMatches>();
  const [password, setPassword] = useState<"needed" | "wrong">();
  const [isOn, setOn] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const send = (order: PdfOrder) => {
    if ("password" in order) setPassword(undefined);
    frame.current?.({ pdf: order });
  };
  const open = () => {
    setOn(true);
    field.current?.focus();
    field.current?.select();
  };
  return {
    view,
    matches,
    password,
    send,
    isOn,
    field,
    button,
    open,
    close: () => {
      send({ query: "", step: "first" });
      setMatches(undefined);
      setOn(false);
      button.current?.focus();
    },
    onOpened: (own: ShownFrame["send"]) => void (frame.current = own),
    onPdf: (answer: PdfAnswer) => {
      if (answer.state === "view") setView(answer.view);
      else if (answer.state === "matches") setMatches(answer.matches);
      else if (answer.state === "password") setPassword(answer.isWrong ? "wrong" : "needed");
      else open();
    },
  };
}

/** Parts of the frame's height. */
const pageScreens = 0.9;
const lineScreens = 0.1;

/** The frame has the same keys for the zoom and the search, and the browser scrolls it. */
function keysOf(view: View | undefined, send: (order: PdfOrder) => void, find: () => void): ViewKeys {
  if (view === undefined) return {};
  return {
    ...zoomKeys(
      () => send({ zoom: "in" }),
      () => send({ zoom: "out" }),
      () => send({ zoom: "width" }),
    ),
    PageUp: () => send({ scroll: -pageScreens }),
    PageDown: () => send({ scroll: pageScreens }),
    ArrowUp: () => send({ scroll: -lineScreens }),
    ArrowDown: () => send({ scroll: lineScreens }),
    Home: () => send({ page: 1 }),
    End: () => send({ page: view.pagesCount }),
    "Mod+F": find,
  };
}
