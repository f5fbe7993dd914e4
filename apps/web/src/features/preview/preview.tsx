import type { NodeJson } from "@holdfast/protocol/values";
import { Link } from "@tanstack/react-router";
import ChevronLeft from "lucide-react/icons/chevron-left";
import ChevronRight from "lucide-react/icons/chevron-right";
import Download from "lucide-react/icons/download";
import Info from "lucide-react/icons/info";
import { type KeyboardEvent, type ReactElement, type ReactNode, Suspense, useEffect } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { useAway } from "../../data/use-away.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useKept } from "../../data/use-kept.ts";
import { useNode } from "../../data/use-node.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { Failure } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { ViewerLayer } from "../../design/viewer-layer.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";
import { FrameView } from "./frame-view.tsx";
import { ImageView } from "./image-view.tsx";
import { MediaView } from "./media-view.tsx";
import { NoPreview } from "./no-preview.tsx";
import { type PreviewKind, previewKind } from "./preview-kind.ts";
import { ZipView } from "./zip-view.tsx";

const KeptView = lazyPart(async () => (await withWords(import("./kept-view.tsx"))).KeptView);

interface PreviewProps {
  readonly id: string;
  readonly version: number | undefined;
  readonly previousId: string | undefined;
  readonly nextId: string | undefined;
  readonly details?: ReactNode;
  readonly onGo: (id: string) => void;
  /** Absent without details. */
  readonly onDetails?: (() => void) | undefined;
  readonly onClose: () => void;
}

export function Preview({ id, version, previousId, nextId, details, onGo, onDetails, onClose }: PreviewProps) {
  const { client, viewer } = useDrive();
  const words = useMessages();
  const { message } = words;
  const { data: node, error, refetch } = useNode(id);
  const keptFile = useKeptFile(version === undefined ? id : undefined);
  const onKeyDown = (event: KeyboardEvent) => {
    // Players and text fields use these keys.
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof Element && event.target.closest("video, audio, textarea, input") !== null) return;
    const isForwards = event.key === (document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight");
    const isBackwards = event.key === (document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft");
    if (isForwards && nextId !== undefined) onGo(nextId);
    if (isBackwards && previousId !== undefined) onGo(previousId);
  };
  const save = () =>
    void viewer
      .save(client, { id, version, use: "download" })
      .catch((thrown: unknown) => showToast({ text: problemWords(thrown, words), kind: "error" }));
  const acts = (
    <>
      {viewer.kind === "account" && node !== undefined && isText(previewKind(node)) && mayEdit(node) && (
        <Link to="/edit/$id" params={{ id }} className={buttonLook("secondary")}>
          {message("preview.edit")}
        </Link>
      )}
      <IconButton label={message("preview.download")} Icon={Download} onClick={save} />
      {onDetails !== undefined && <IconButton label={message("details.details")} Icon={Info} onClick={onDetails} />}
    </>
  );
  const steps = [
    <Step key="previous" label={message("preview.previous")} toId={previousId} Icon={ChevronLeft} onGo={onGo} />,
    <Step key="next" label={message("preview.next")} toId={nextId} Icon={ChevronRight} onGo={onGo} />,
  ];
  return (
    <ViewerLayer
      title={keptFile?.name ?? node?.name ?? ""}
      acts={acts}
      aside={details}
      onKeyDown={onKeyDown}
      onClose={onClose}
    >
      {keptFile !== undefined && (
        <Suspense fallback={null}>
          <KeptView key={id} file={keptFile} />
        </Suspense>
      )}
      {keptFile === undefined && error !== null && (
        <div className="m-auto">
          <Failure
            title={problemWords(error, words)}
            acts={<Button onClick={() => void refetch()}>{message("shell.tryAgain")}</Button>}
          />
        </div>
      )}
      {keptFile === undefined && error === null && node !== undefined && (
        <ShownFile
          key={`${id} ${version ?? ""}`}
          node={node}
          version={version}
          steps={steps}
          onClose={onClose}
          onDownload={save}
        />
      )}
      {keptFile === undefined && node !== undefined && !isFramed(previewKind(node)) && steps.map(beside)}
    </ViewerLayer>
  );
}

interface ShownFileProps {
  readonly node: NodeJson;
  readonly version?: number | undefined;
  /** Navigation buttons, if the preview has no own place for them. */
  readonly steps?: ReactNode;
  /** Absent if there is no page to return to. */
  readonly onClose?: () => void;
  readonly onDownload: () => void;
}

/** Shows a file as far as it is safe in a browser. */
export function ShownFile({ node, version, steps, onClose = () => {}, onDownload }: ShownFileProps) {
  const { viewer } = useDrive();
  if (viewer.isCounted) return <CountedFile />;
  const kind = previewKind(node);
  if (kind === "image") return <ImageView node={node} version={version} />;
  if (kind === "video" || kind === "audio") return <MediaView node={node} version={version} kind={kind} />;
  if (kind === "zip") return <ZipView node={node} version={version} steps={steps} onLeft={onClose} />;
  if (kind === "none") return <NoPreview node={node} onDownload={onDownload} />;
  return <FrameView node={node} version={version} kind={kind} steps={steps} onLeft={onClose} />;
}

/** A preview would count as a download. */
function CountedFile() {
  const { message } = useMessages();
  return (
    <div className="m-auto max-w-prose p-6 text-center text-muted">
      <p className="text-lg font-semibold text-text">{message("preview.counted")}</p>
      <p>{message("preview.countedNext")}</p>
    </div>
  );
}

interface StepProps {
  readonly label: string;
  readonly toId: string | undefined;
  readonly Icon: typeof ChevronLeft;
  readonly onGo: (id: string) => void;
}

function Step({ label, toId, Icon, onGo }: StepProps) {
  return toId === undefined ? null : <IconButton label={label} Icon={Icon} onClick={() => onGo(toId)} />;
}

/** Places the button at the edge of an image or video. */
function beside(step: ReactElement<StepProps>, index: number) {
  if (step.props.toId === undefined) return null;
  const place = index === 0 ? "start-2" : "end-2";
  return (
    <div key={step.key} className={`absolute inset-y-0 my-auto h-fit rounded-full bg-raised shadow-card ${place}`}>
      {step}
    </div>
  );
}

/** Used while the server is unreachable. */
function useKeptFile(id: string | undefined) {
  const { kept } = useDrive();
  const isAway = useAway();
  const { files } = useKept();
  useEffect(() => {
    if (isAway) kept.open().catch(() => {});
  }, [kept, isAway]);
  return isAway ? files.find((file) => file.id === id) : undefined;
}

function isFramed(kind: PreviewKind): boolean {
  return isText(kind) || kind === "pdf" || kind === "zip";
}

function isText(kind: PreviewKind): boolean {
  return kind === "text" || kind === "markdown" || kind === "drawing";
}

function mayEdit({ role }: NodeJson): boolean {
  return role === "owner" || role === "editor";
}
