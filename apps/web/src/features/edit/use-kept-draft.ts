import { useEffect, useRef, useState } from "react";
import { useSession } from "../../data/use-session.ts";
import { writeDraft } from "./drafts.ts";
import type { TextFile } from "./text-file.ts";

const draftPauseMs = 800;

/** So that a browser that ends, or a session that ends, costs nothing that was written. Whoever signs out takes it along. */
export function useKeptDraft({ node, versionId }: TextFile, text: string, isKept: boolean): void {
  const session = useSession();
  const [account] = useState(() => session.account);
  const pending = useRef<() => void>(undefined);
  useEffect(() => {
    pending.current = undefined;
    if (!isKept) return undefined;
    const keep = () => {
      pending.current = undefined;
      // What one person wrote is not left to whoever comes next.
      if (session.getSnapshot() === "signed_out" || session.account !== account) return;
      writeDraft(localStorage, node.id, { text, versionId });
    };
    pending.current = keep;
    const timer = setTimeout(keep, draftPauseMs);
    return () => clearTimeout(timer);
  }, [session, account, node.id, versionId, text, isKept]);
  // Whoever leaves within the pause loses nothing either.
  useEffect(() => () => pending.current?.(), []);
}
