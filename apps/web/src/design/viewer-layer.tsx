import { Dialog } from "radix-ui";
import X from "lucide-react/icons/x";
import { type KeyboardEvent as KeyPress, type ReactNode, useLayoutEffect, useRef } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { IconButton } from "./icon-button.tsx";
import { shownName } from "./shown-name.ts";

interface ViewerLayerProps {
  readonly title: string;
  readonly note?: string | undefined;
  readonly titleField?: ReactNode;
  readonly acts: ReactNode;
  readonly children: ReactNode;
  readonly aside?: ReactNode;
  readonly isDark?: boolean;
  /** Hides the bar, which the keyboard still reaches. */
  readonly isBare?: boolean;
  readonly onKeyDown: (event: KeyPress) => void;
  /** Instead of closing. */
  readonly onEscape?: (() => void) | undefined;
  readonly onClose: () => void;
}

export function ViewerLayer(props: ViewerLayerProps) {
  const { title, note, titleField, acts, children, aside, isDark, isBare, onKeyDown, onEscape, onClose } = props;
  const { message } = useMessages();
  const before = useRef<Element | null>(null);
  const isNaming = titleField !== undefined && titleField !== false;
  const layer = useRef<HTMLDivElement>(null);
  const wasNaming = useRef(false);
  useLayoutEffect(() => {
    // The field had the focus, and is gone.
    if (wasNaming.current && !isNaming) layer.current?.focus();
    wasNaming.current = isNaming;
  }, [isNaming]);
  const takeFocus = (event: Event) => {
    before.current = document.activeElement;
    focusWhole(event);
  };
  return (
    <Dialog.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          ref={layer}
          aria-describedby={undefined}
          onKeyDown={onKeyDown}
          onOpenAutoFocus={takeFocus}
          onCloseAutoFocus={(event) => giveFocusBack(event, before.current)}
          // Everything outside, such as a toast or menu, is above the layer.
          onInteractOutside={(event) => event.preventDefault()}
          onEscapeKeyDown={(event) => {
            const isOfField = keepsEscape(event);
            if (isOfField || onEscape !== undefined) event.preventDefault();
            if (!isOfField) onEscape?.();
          }}
          className={`fixed inset-0 z-30 flex animate-appear flex-col bg-canvas px-safe pt-safe pb-safe outline-none ${isDark === true ? "text-text scheme-dark" : ""} ${isBare === true ? "cursor-none" : ""}`}
        >
          <header
            className={`flex h-14 shrink-0 items-center gap-1 border-b border-line bg-surface ps-4 pe-2 transition-opacity ${isBare === true ? bareLook : ""}`}
          >
            <div className={isNaming ? "sr-only" : "min-w-0 flex-1"}>
              <Dialog.Title asChild>
                <h1 className="truncate text-lg leading-5 font-semibold">
                  <bdi>{shownName(title)}</bdi>
                </h1>
              </Dialog.Title>
              {note !== undefined && <p className="truncate text-sm text-muted tabular-nums">{note}</p>}
            </div>
            {isNaming ? titleField : acts}
            <Dialog.Close asChild>
              <IconButton label={message("design.close")} Icon={X} />
            </Dialog.Close>
          </header>
          <div className="flex min-h-0 flex-1">
            <div className="relative flex min-h-0 min-w-0 flex-1">{children}</div>
            {aside}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A tap first shows the buttons. */
export const bareLook = "pointer-events-none opacity-0";

/** Escape ends the renaming or search, or closes the suggestions of a field, first. */
function keepsEscape({ target }: KeyboardEvent): boolean {
  const fields = "header input, [role=search], [role=combobox][aria-expanded=true], [data-keeps-escape]";
  return target instanceof Element && target.closest(fields) !== null;
}

/** Focuses the layer instead of its first button, so that keys reach the content. */
function focusWhole(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}

/** Falls back to the list row in the tab order. */
function giveFocusBack(event: Event, had: Element | null): void {
  event.preventDefault();
  const isThere = had instanceof HTMLElement && had.isConnected && had !== document.body;
  const place = isThere ? had : document.querySelector<HTMLElement>("[role=grid] [tabindex='0']");
  place?.focus();
}
