import type { NodeJson } from "@holdfast/protocol/values";
import Shrink from "lucide-react/icons/shrink";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { IconButton } from "../../design/icon-button.tsx";
import { Failure } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSlideshowState } from "./slideshow.ts";
import { useSignedAddress } from "./use-signed-address.ts";
import { useViewKeys, zoomKeys } from "./view-keys.ts";
import { ZoomButtons } from "./zoom-buttons.tsx";
import { type Extent, fitted, movedBy, type Zoom, zoomedBy } from "./zoom.ts";

interface ImageViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
}

/** Zooms by buttons, wheel, pinch, double click and + - 0; dragging pans. */
export function ImageView({ node, version }: ImageViewProps) {
  const words = useMessages();
  const { data: address, error } = useSignedAddress(node.id, version, node.content_id);
  const [isBroken, setBroken] = useState(false);
  const isInShow = useSlideshowState() !== "off";
  const { frame, picture, zoom, handlers, zoomIn, zoomOut, fit, measure, percent } = useZoom();
  if (error !== null || isBroken) {
    return (
      <div className="m-auto">
        <Failure title={error === null ? words.message("preview.broken") : problemWords(error, words)} />
      </div>
    );
  }
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div
        ref={frame}
        role="group"
        aria-label={words.message("preview.image", { name: node.name })}
        {...handlers}
        className={`flex min-h-0 flex-1 touch-none items-center justify-center overflow-hidden ${zoom.scale > 1 ? "cursor-grab" : ""}`}
      >
        {address !== undefined && (
          <img
            ref={picture}
            src={address}
            alt={node.name}
            draggable={false}
            data-printed
            onLoad={measure}
            onError={() => setBroken(true)}
            style={{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}
            className="max-h-full max-w-full object-contain select-none"
          />
        )}
      </div>
      {!isInShow && (
        <div className="flex h-14 shrink-0 justify-center">
          <ZoomButtons percent={words.percent(percent)} onOut={zoomOut} onIn={zoomIn}>
            <IconButton label={words.message("preview.zoomFit")} keys="0" Icon={Shrink} onClick={fit} />
          </ZoomButtons>
        </div>
      )}
    </div>
  );
}

const zoomFactor = 1.5;

function useZoom() {
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const [zoom, setZoom] = useState<Zoom>(fitted);
  /** Screen pixels per pixel of the picture at scale 1. */
  const [fittedRatio, setFittedRatio] = useState(1);
  const pointers = useRef(new Map<number, { readonly x: number; readonly y: number }>());
  const extents = (): readonly [Extent, Extent] => [extentOf(frame.current), extentOf(picture.current)];
  const zoomAt = (factor: number, at: { readonly clientX: number; readonly clientY: number } | undefined) => {
    const point = at === undefined ? { x: 0, y: 0 } : fromMiddle(frame.current, at);
    setZoom((old) => zoomedBy(old, factor, point, ...extents()));
  };
  const measure = () => {
    const { offsetWidth = 0, naturalWidth = 0 } = picture.current ?? {};
    if (naturalWidth > 0) setFittedRatio(offsetWidth / naturalWidth);
  };
  const zoomIn = () => zoomAt(zoomFactor, undefined);
  const zoomOut = () => zoomAt(1 / zoomFactor, undefined);
  const fit = () => setZoom(fitted);
  useViewKeys(frame, zoomKeys(zoomIn, zoomOut, fit));
  const latest = useRef({ zoomAt, measure });
  latest.current = { zoomAt, measure };
  useEffect(() => {
    const observer = new ResizeObserver(() => latest.current.measure());
    if (frame.current !== null) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    // React's wheel listeners are passive and cannot prevent scrolling.
    const place = frame.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      latest.current.zoomAt(Math.exp(-event.deltaY / 300), event);
    };
    place?.addEventListener("wheel", onWheel, { passive: false });
    return () => place?.removeEventListener("wheel", onWheel);
  });
  const onPointerMove = (event: PointerEvent) => {
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) return;
    const [other] = [...pointers.current].flatMap(([id, point]) => (id === event.pointerId ? [] : [point]));
    const now = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, now);
    if (other === undefined) setZoom((old) => movedBy(old, now.x - before.x, now.y - before.y, ...extents()));
    else zoomAt(distance(now, other) / Math.max(1, distance(before, other)), event);
  };
  const drop = (event: PointerEvent) => void pointers.current.delete(event.pointerId);
  return {
    frame,
    picture,
    zoom,
    zoomIn,
    zoomOut,
    fit,
    measure,
    percent: fittedRatio * zoom.scale,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      },
      onPointerMove,
      onPointerUp: drop,
      onPointerCancel: drop,
      onDoubleClick: (event: { readonly clientX: number; readonly clientY: number }) =>
        zoom.scale > 1 ? fit() : zoomAt(3, event),
    },
  };
}

function extentOf(element: HTMLElement | null): Extent {
  return { width: element?.offsetWidth ?? 0, height: element?.offsetHeight ?? 0 };
}

function fromMiddle(element: Element | null, at: { readonly clientX: number; readonly clientY: number }) {
  const { left = 0, top = 0, width = 0, height = 0 } = element?.getBoundingClientRect() ?? {};
  return { x: at.clientX - left - width / 2, y: at.clientY - top - height / 2 };
}

function distance(
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
