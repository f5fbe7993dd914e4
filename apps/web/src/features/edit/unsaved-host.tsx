import { Suspense, useSyncExternalStore } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { withWords } from "../../messages/use-messages.ts";
import { unsavedQuestion, watchUnsaved } from "./unsaved.ts";

const UnsavedDialog = lazyPart(
  async () => (await withWords(import("./unsaved-dialog.tsx"))).UnsavedDialog,
  ({ question }) => question.answer(false),
);

export function UnsavedHost() {
  const question = useSyncExternalStore(watchUnsaved, unsavedQuestion);
  if (question === undefined) return null;
  return (
    <Suspense fallback={null}>
      <UnsavedDialog question={question} />
    </Suspense>
  );
}
