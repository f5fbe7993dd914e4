import { useEffect, useRef, useState } from "react";
import { useSession } from "../../data/use-session.ts";
import { dropNote, writeDraft } from "./drafts.ts";
import type { TextFile } from "./text-file.ts";

const draftPauseMs = 800;

/**
 * Keeps unsaved text when the browser or the session ends. Signing out removes it, and asks before: so the first change is kept at once, and
 * the tab that signs out knows of it.
 * @param key of this editor's draft
 * @returns false if the browser has no room for the text
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
      // What one person wrote is not left to whoever comes next.
      if (session.getSnapshot() === "signed_out" || session.account !== account) return;
      setHasRoom(writeDraft(localStorage, key, { text, versionId, name }));
      isBegun.current = true;
    };
    pending.current = keep;
    const timer = setTimeout(keep, isBegun.current ? draftPauseMs : 0);
    // Another tab was offered this text and has discarded it, but here it is still unsaved.
    const onStorage = (event: StorageEvent) => event.key === key && event.newValue === null && keep();
    addEventListener("storage", onStorage);
    return () => {
      clearTimeout(timer);
      removeEventListener("storage", onStorage);
    };
  }, [session, account, key, versionId, name, text, isKept]);
  // Whoever leaves within the pause loses nothing either.
  useEffect(
    () => () => {
      pending.current?.();
      dropNote(localStorage, key);
    },
    [key],
  );
  return hasRoom;
}
