import { useMessages } from "../../../messages/use-messages.ts";

/** Changes by others wait until the person stops working in the list. */
export function ChangesPill({ count, onShow }: { readonly count: number; readonly onShow: () => void }) {
  const { message } = useMessages();
  return (
    <div className="pointer-events-none absolute inset-x-0 top-14 z-20 flex justify-center">
      <button
        type="button"
        aria-label={message("files.showChanges", { count })}
        onClick={onShow}
        className="pointer-events-auto h-9 rounded-full bg-accent px-4 font-semibold text-on-accent shadow-over hover:bg-accent-hover pointer-coarse:h-11"
      >
        {message("files.changes", { count })}
      </button>
    </div>
  );
}
