import { lazy, Suspense, useSyncExternalStore } from "react";
import { withWords } from "../../messages/use-messages.ts";
import { unsavedQuestion, watchUnsaved } from "./unsaved.ts";

const UnsavedDialog = lazy(async () => ({ default: (await withWords(import("./unsaved-dialog.tsx"))).UnsavedDialog }));

export function UnsavedHost() {
  const question = useSyncExternalStore(watchUnsaved, unsavedQuestion);
  if (question === undefined) return null;
  return (
    <Suspense fallback={null}>
      <UnsavedDialog question={question} />
    </Suspense>
  );
}
