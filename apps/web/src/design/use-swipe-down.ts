import { type RefObject, type TouchEvent, useRef } from "react";

const closesAtPx = 80;

/**
 * Moves a sheet down with the finger, and closes it if the finger goes far enough.
 * @param list scrolls, and comes first unless it is at its start
 * @returns handlers for the sheet
 */
export function useSwipeDown(list: RefObject<HTMLElement | null>, close: () => void) {
  const startPx = useRef<number>(undefined);
  const travelPx = ({ changedTouches }: TouchEvent): number => {
    const touch = changedTouches[0];
    return startPx.current === undefined || touch === undefined ? 0 : Math.max(0, touch.clientY - startPx.current);
  };
  const end = ({ currentTarget }: TouchEvent<HTMLElement>): void => {
    startPx.current = undefined;
    currentTarget.style.transform = "";
  };
  return {
    onTouchStart: ({ touches }: TouchEvent) => {
      const isAtStart = (list.current?.scrollTop ?? 0) <= 0;
      startPx.current = isAtStart && touches.length === 1 ? touches[0]?.clientY : undefined;
    },
    onTouchMove: (event: TouchEvent<HTMLElement>) => {
      event.currentTarget.style.transform = `translateY(${travelPx(event)}px)`;
    },
    onTouchEnd: (event: TouchEvent<HTMLElement>) => {
      const isFar = travelPx(event) >= closesAtPx;
      end(event);
      if (isFar) close();
    },
    onTouchCancel: end,
  };
}
