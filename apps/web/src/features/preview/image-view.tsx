import type { NodeJson } from "@holdfast/protocol/values";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { Failure } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignedAddress } from "./use-signed-address.ts";
import { type Extent, fitted, movedBy, type Zoom, zoomedBy } from "./zoom.ts";

interface ImageViewProps {
  readonly node: NodeJson;
  readonly version: number | undefined;
}

/** Zooms by wheel, pinch, double click and + - 0; dragging pans. */
export function ImageView({ node, version }: ImageViewProps) {
  const words = useMessages();
  const { data: address, error } = useSignedAddress(node.id, version, node.content_id);
  const [isBroken, setBroken] = useState(false);
  const { frame, picture, zoom, handlers } = useZoom();
  if (error !== null || isBroken) {
    return (
      <div className="m-auto">
        <Failure title={error === null ? words.message("preview.broken") : problemWords(error, words)} />
      </div>
    );
  }
  return (
    <div
      ref={frame}
      tabIndex={0}
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
          onError={() => setBroken(true)}
          style={{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}
          className="max-h-full max-w-full object-contain select-none"
        />
      )}
    </div>
  );
}

function useZoom() {
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const [zoom, setZoom] = useState<Zoom>(fitted);
  const pointers = useRef(new Map<number, { readonly x: number; readonly y: number }>());
  const extents = (): readonly [Extent, Extent] => [extentOf(frame.current), extentOf(picture.current)];
  const zoomAt = (factor: number, at: { readonly clientX: number; readonly clientY: number } | undefined) => {
    const point = at === undefined ? { x: 0, y: 0 } : fromMiddle(frame.current, at);
    setZoom((old) => zoomedBy(old, factor, point, ...extents()));
  };
  const latest = useRef(zoomAt);
  latest.current = zoomAt;
  useEffect(() => {
    // React's wheel listeners are passive and cannot prevent scrolling.
    const place = frame.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      latest.current(Math.exp(-event.deltaY / 300), event);
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
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      },
      onPointerMove,
      onPointerUp: drop,
      onPointerCancel: drop,
      onDoubleClick: (event: { readonly clientX: number; readonly clientY: number }) =>
        zoom.scale > 1 ? setZoom(fitted) : zoomAt(3, event),
      onKeyDown: (event: { readonly key: string }) => {
        if (event.key === "+" || event.key === "=") zoomAt(1.5, undefined);
        if (event.key === "-") zoomAt(1 / 1.5, undefined);
        if (event.key === "0") setZoom(fitted);
      },
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
