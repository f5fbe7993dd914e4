import { type RefObject, useEffect } from "react";

/** `people`: the field that adds people to a share. */
type Field = "people";

const lifetimeMs = 3000;
const wished = new Map<Field, number>();
const waiting = new Map<Field, () => void>();

/** Moves the focus to the field of this name: now, or when it appears in the next 3 s. */
export function wishFocus(name: Field): void {
  wished.set(name, performance.now());
  waiting.get(name)?.();
}

export function useFocusWish(name: Field, element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const take = () => {
      const at = wished.get(name);
      wished.delete(name);
      // A person who types elsewhere meanwhile keeps the focus.
      const isTyping = document.activeElement?.matches("input:not([type=checkbox]), textarea") === true;
      if (at === undefined || isTyping || performance.now() - at > lifetimeMs) return;
      // A menu that closes returns the focus to its row in the same task.
      setTimeout(() => element.current?.focus());
    };
    take();
    waiting.set(name, take);
    return () => {
      if (waiting.get(name) === take) waiting.delete(name);
    };
  }, [name, element]);
}
