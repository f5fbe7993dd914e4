import { useNavigate, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { lazyPart } from "../design/lazy-part.ts";
import { Editor } from "../features/edit/editor.tsx";

const Framed = lazyPart(async () => (await import("../features/preview/framed.tsx")).Framed);
const nothing = new Blob();

export function EditPlace() {
  const { id = "" } = useParams({ strict: false });
  const navigate = useNavigate();
  return (
    <Editor
      key={id}
      id={id}
      showMarkdown={(written) => (
        <Suspense fallback={null}>
          <Framed kind="markdown" content={nothing} sizeBytes={0} {...written} />
        </Suspense>
      )}
      onClose={(node) => {
        const folder = node?.parent_id ?? null;
        if (folder === null) void navigate({ to: "/files" });
        else void navigate({ to: "/files/$id", params: { id: folder } });
      }}
    />
  );
}
