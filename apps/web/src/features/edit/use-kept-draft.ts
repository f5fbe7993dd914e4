import { useEffect, useRef, useState } from "react";
import { useSession } from "../../data/use-session.ts";
import { dropNote, writeDraft } from "./drafts.ts";
import type { TextFile } from "./text-file.ts";

const draftPauseMs = 800;

/**
 * Stores unsaved text in case the browser or session ends. Signing out removes drafts but asks first, so the first
 * change is stored without delay.
 * @param key of this editor's draft
 * @returns false if the browser has no space
 */
export function useKeptDraft(
  key: string,
  { versionId, node: { name } }: TextFile,
  text: string,
  isKept: boolean,
): boolean {
  const [hasRoom, setHasRoom] = useState(true);
  const session = useSession();
  const [account] = useState(() => session.account);
  const pending = useRef<() => void>(undefined);
  const isBegun = useRef(false);
  useEffect(() => {
    pending.current = undefined;
    if (!isKept) isBegun.current = false;
    if (!isKept) return undefined;
    const keep = () => {
      pending.current = undefined;
      // The text of one account must not stay for the next.
      if (session.getSnapshot() === "signed_out" || session.account !== account) return;
      setHasRoom(writeDraft(localStorage, key, { text, versionId, name }));
      isBegun.current = true;
    };
    pending.current = keep;
    const timer = setTimeout(keep, isBegun.current ? draftPauseMs : 0);
    // Another tab discarded the draft, but the text is unsaved here.
    const onStorage = (event: StorageEvent) => event.key === key && event.newValue === null && keep();
    addEventListener("storage", onStorage);
    return () => {
      clearTimeout(timer);
      removeEventListener("storage", onStorage);
    };
  }, [session, account, key, versionId, name, text, isKept]);
  // The editor may close before the delay has passed.
  useEffect(
    () => () => {
      pending.current?.();
      dropNote(localStorage, key);
    },
    [key],
  );
  return hasRoom;
}
