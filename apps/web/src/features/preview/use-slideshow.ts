import Pause from "lucide-react/icons/pause";
import Play from "lucide-react/icons/play";
import Square from "lucide-react/icons/square";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { wait } from "../../browser/wait.ts";
import type { Command } from "../../commands/command.ts";
import type { Drive } from "../../data/drive.ts";
import { useDrive } from "../../data/use-drive.ts";
import { type ListSubject, useSubject } from "../files/acts/subject.ts";
import { nextPicture } from "../files/rows/pictures.ts";
import { beginSlideshow, endSlideshow, pauseSlideshow, useSlideshowState } from "./slideshow.ts";
import { signedQuery } from "./use-signed-address.ts";
import { useWakeLock } from "./use-wake-lock.ts";

const slideMs = 5000;
const idleMs = 2500;

interface ShownSlideshow {
  readonly isOn: boolean;
  /** Nobody uses the pointer or the keyboard, so the buttons are hidden. */
  readonly isBare: boolean;
  readonly commands: readonly Command<unknown>[];
}

/**
 * Moves from picture to picture of the list, and ends after the last one.
 * @param canBegin the file is a picture, and showing the next one does not count as a download
 */
export function useSlideshow(id: string, canBegin: boolean, onGo: (id: string) => void): ShownSlideshow {
  const state = useSlideshowState();
  const isOn = state !== "off";
  const subject = useSubject();
  const next = useMemo(() => subject && nextPicture(subject.rows, id), [subject, id]);
  const isHidden = useHidden();
  const isRunning = state === "running" && !isHidden;
  const isHeld = useHeld(isOn);
  usePauseAtButtons(isOn);
  useNextRows(subject, isOn && next === "unloaded");
  useSteps(next, isRunning && !isHeld, onGo);
  useWakeLock(isRunning);
  const isBare = useIdle(isRunning && !isHeld);
  useEffect(() => endSlideshow, []);
  const isPaused = state === "paused";
  return {
    isOn,
    isBare,
    commands: [
      {
        id: "slideshow",
        message: isOn ? "preview.slideshowEnd" : "preview.slideshow",
        icon: isOn ? Square : Play,
        keys: { pc: ["S"], mac: ["S"] },
        when: () => isOn || (canBegin && next !== undefined),
        // The menu closes first.
        run: () => void setTimeout(isOn ? endSlideshow : beginSlideshow),
      },
      {
        id: "pause",
        message: isPaused ? "preview.slideshowResume" : "preview.slideshowPause",
        icon: isPaused ? Play : Pause,
        keys: { pc: [" "], mac: [" "] },
        when: () => isOn,
        run: () => pauseSlideshow(!isPaused),
      },
    ],
  };
}

function useHidden(): boolean {
  return useSyncExternalStore(watchHidden, () => document.hidden);
}

function watchHidden(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

/** Loads rows until one of them is a picture. The preview stops at the next file of any kind. */
function useNextRows(subject: ListSubject | undefined, isWanted: boolean): void {
  useEffect(() => {
    if (isWanted) subject?.rows.need(0, subject.rows.total);
  }, [subject, isWanted]);
}

/** Waits for the next picture as well, so that a slow line shows no empty screen. */
function useSteps(next: ReturnType<typeof nextPicture>, isMoving: boolean, onGo: (id: string) => void): void {
  const drive = useDrive();
  const go = useRef(onGo);
  go.current = onGo;
  const isUnloaded = next === "unloaded";
  const row = isUnloaded ? undefined : next;
  const [nextId, contentId] = [row?.id, row?.thumb];
  useEffect(() => {
    if (!isMoving || isUnloaded) return undefined;
    const ending = new AbortController();
    const step = async () => {
      // If the picture cannot be loaded, the preview says why.
      const loaded = nextId === undefined ? undefined : preload(drive, nextId, contentId ?? null).catch(() => {});
      await Promise.all([wait(slideMs, ending.signal), loaded]);
      if (ending.signal.aborted) return;
      if (nextId === undefined) endSlideshow();
      else go.current(nextId);
    };
    // Rejects on abort.
    step().catch(() => {});
    return () => ending.abort();
  }, [drive, nextId, contentId, isMoving, isUnloaded]);
}

/** Requests the address that the preview will use, so that the browser loads the picture once. */
async function preload({ client, queries }: Drive, id: string, contentId: string | null): Promise<void> {
  const image = new Image();
  image.src = await queries.query(signedQuery(client, id, undefined, contentId));
  await image.decode();
}

/** @returns true some seconds after the last movement, tap or key */
function useIdle(isWanted: boolean): boolean {
  const [isIdle, setIdle] = useState(false);
  useEffect(() => {
    if (!isWanted) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const wake = (event?: Event) => {
      if (event instanceof PointerEvent && isStill(event)) return;
      setIdle(false);
      clearTimeout(timer);
      timer = setTimeout(() => setIdle(true), idleMs);
    };
    wake();
    // A tap ends with its click. Earlier, the tap itself would press a button that has just come back.
    const kinds = ["pointermove", "click", "keydown"];
    for (const kind of kinds) addEventListener(kind, wake);
    return () => {
      clearTimeout(timer);
      for (const kind of kinds) removeEventListener(kind, wake);
      setIdle(false);
    };
  }, [isWanted]);
  return isIdle;
}

/** Browsers also report a movement when something moves under a resting pointer. */
function isStill({ type, movementX, movementY }: PointerEvent): boolean {
  return type === "pointermove" && movementX === 0 && movementY === 0;
}

/** The picture stays while the pointer is over a button. */
function useHeld(isOn: boolean): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (!isOn) return undefined;
    const onMove = (event: PointerEvent) => {
      const { target, pointerType } = event;
      // The pointer may rest where the button for the slideshow was.
      if (pointerType === "touch" || isStill(event)) return;
      setOver(target instanceof Element && target.closest("button") !== null);
    };
    addEventListener("pointermove", onMove);
    return () => {
      removeEventListener("pointermove", onMove);
      setOver(false);
    };
  }, [isOn]);
  return isOver;
}

/** Pauses once the keyboard reaches a button. Holding the picture would not end: "Resume" keeps the focus. */
function usePauseAtButtons(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const onFocus = ({ target }: FocusEvent) => {
      if (target instanceof Element && target.matches("button:focus-visible")) pauseSlideshow(true);
    };
    addEventListener("focusin", onFocus);
    return () => removeEventListener("focusin", onFocus);
  }, [isOn]);
}
