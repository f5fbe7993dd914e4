import { Dialog } from "radix-ui";
import X from "lucide-react/icons/x";
import { type ReactNode, useRef } from "react";
import { useMessages } from "../messages/use-messages.ts";
import type { DialogProps, SheetProps } from "./dialog.tsx";
import { IconButton } from "./icon-button.tsx";
import { lastMenuOpener } from "./menu.ts";

export function DialogLayer(props: DialogProps) {
  const width = widths[props.size ?? "medium"];
  return (
    <Layer {...props} look={`inset-0 m-auto h-fit max-h-[calc(100dvh-2rem)] w-[calc(100%-2rem)] rounded-lg ${width}`}>
      {props.children}
    </Layer>
  );
}

export function SheetLayer({ side = "end", ...props }: SheetProps) {
  return (
    <Layer {...props} look={sides[side]}>
      {props.children}
    </Layer>
  );
}

const widths = { small: "max-w-100", medium: "max-w-140", large: "max-w-200" } as const;
const firstField = "form :is(input:not([type=radio]):not([hidden]), input:checked, select, textarea)";
const sides = {
  end: "inset-y-0 end-0 w-full max-w-120 px-safe pt-safe pb-safe sm:rounded-s-lg",
  bottom: "inset-x-0 bottom-0 max-h-[85dvh] rounded-t-lg px-safe pb-safe",
} as const;

function Layer({
  open,
  title,
  about,
  children,
  acts,
  onClose,
  opener,
  isKept,
  look,
}: DialogProps & { readonly look: string; readonly children: ReactNode }) {
  const { message } = useMessages();
  const before = useRef<Element | null>(null);
  const takeFocus = (event: Event) => {
    before.current = document.activeElement;
    // Without an input field, Radix focuses the close button.
    const field = event.target instanceof Element && event.target.querySelector<HTMLElement>(firstField);
    if (!(field instanceof HTMLElement)) return;
    event.preventDefault();
    field.focus();
    if (field instanceof HTMLInputElement) field.select();
  };
  const giveFocusBack = (event: Event) => {
    const had = before.current;
    const isGone = had === document.body || had?.isConnected !== true || had.closest("[role=menu]") !== null;
    const place = opener?.() ?? (isGone ? lastMenuOpener() : had);
    event.preventDefault();
    // The opener may be gone, for example a removed row.
    const next = place?.isConnected === true ? place : document.getElementById("place");
    if (next instanceof HTMLElement) next.focus();
  };
  return (
    <Dialog.Root open={open} onOpenChange={(isOpen) => isOpen || onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Dialog.Content
          {...(about === undefined ? { "aria-describedby": undefined } : {})}
          onOpenAutoFocus={takeFocus}
          onCloseAutoFocus={giveFocusBack}
          onEscapeKeyDown={(event) => (isKept === true || keepsEscape(event)) && event.preventDefault()}
          onInteractOutside={(event) => (isKept === true || isOnToast(event)) && event.preventDefault()}
          className={`fixed z-40 flex animate-appear flex-col bg-raised shadow-over outline-none forced-colors:border ${look}`}
        >
          <div className="flex items-start gap-4 ps-6 pe-4 pt-4">
            <div className="min-w-0 flex-1 pt-1.5">
              <Dialog.Title className="text-lg font-semibold wrap-anywhere">{title}</Dialog.Title>
              {about !== undefined && (
                <Dialog.Description className="mt-1 text-muted wrap-anywhere">{about}</Dialog.Description>
              )}
            </div>
            <Dialog.Close asChild>
              <IconButton label={message("design.close")} Icon={X} />
            </Dialog.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-6 py-4">{children}</div>
          {acts !== undefined && <div className="flex flex-wrap justify-end gap-3 px-6 pt-2 pb-6">{acts}</div>}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Escape closes the suggestions of a field, or ends naming, first. */
function keepsEscape({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.matches("[role=combobox][aria-expanded=true], [data-keeps-escape]");
}

/** On a phone, toasts cover the lower end of a dialog. The click may have removed its toast already. */
function isOnToast({ target }: Event): boolean {
  return target instanceof Element && target.closest("[data-toast]") !== null;
}
