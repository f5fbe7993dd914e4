import { useSyncExternalStore } from "react";
import type { KeptView } from "../offline/kept-files.ts";
import { useDrive } from "./use-drive.ts";

export function useKept(): KeptView {
  const { kept } = useDrive();
  return useSyncExternalStore(kept.subscribe, kept.getSnapshot);
}
