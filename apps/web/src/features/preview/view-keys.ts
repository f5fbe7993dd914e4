import { type RefObject, useEffect, useRef } from "react";
import { isPressed } from "../../commands/chord.ts";
import { platform } from "../../commands/command-menu.ts";

export type ViewKeys = Readonly<Record<string, () => void>>;

/** Keys of a picture or document, which needs no focus. */
export function useViewKeys(place: RefObject<Element | null>, keys: ViewKeys): void {
  const onKey = useRef<(event: KeyboardEvent) => void>(undefined);
  onKey.current = (event) => {
    if (event.defaultPrevented || isElsewhere(event.target, place.current)) return;
    const act = Object.entries(keys).find(([chord]) => isPressed(chord, event, platform))?.[1];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey.current?.(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}

/** Keyboards may need Shift for + and for digits. */
export function zoomKeys(zoomIn: () => void, zoomOut: () => void, fit: () => void): ViewKeys {
  return { "+": zoomIn, "=": zoomIn, "-": zoomOut, "0": fit, "Shift+0": fit };
}

/** In a field, in the details, or in a dialog or menu above. */
function isElsewhere(target: EventTarget | null, place: Element | null): boolean {
  if (!(target instanceof Element)) return false;
  const layer = target.closest("[role=dialog], [role=menu]");
  return target.closest("input, textarea, select, aside") !== null || (layer !== null && !layer.contains(place));
}
