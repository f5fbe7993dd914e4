import { Suspense } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { CopyField } from "../../design/copy-field.tsx";
import { useMessages } from "../../messages/use-messages.ts";

const QrCode = lazyPart(async () => (await import("../../design/qr-code.tsx")).QrCode);

export function LinkAddress({ value }: { readonly value: string }) {
  const { message } = useMessages();
  return (
    <div className="flex flex-col gap-3 rounded-md border border-line p-4">
      <CopyField label={message("share.linkAddress")} text={value} />
      <Suspense fallback={<div className="size-40" />}>
        <QrCode text={value} label={message("share.qr")} />
      </Suspense>
    </div>
  );
}
