import { useNavigate } from "@tanstack/react-router";
import { useOpenedFile } from "../features/files/places/use-opened-file.tsx";
import { Preview } from "../features/preview/preview.tsx";

/** The list keeps its position. Back closes the file. */
export function LinkPreview({ id }: { readonly id: string }) {
  const navigate = useNavigate();
  const go = (next: string | undefined) =>
    void navigate({ to: ".", search: (old: object) => ({ ...old, open: next }), replace: true } as never);
  const { dialogs, ...file } = useOpenedFile(id, false, go);
  return (
    <>
      <Preview id={id} version={undefined} file={file} onGo={go} onClose={() => go(undefined)} />
      {dialogs}
    </>
  );
}
