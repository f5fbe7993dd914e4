import { Dialog } from "radix-ui";
import Check from "lucide-react/icons/check";
import ChevronLeft from "lucide-react/icons/chevron-left";
import ChevronRight from "lucide-react/icons/chevron-right";
import X from "lucide-react/icons/x";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useMessages } from "../messages/use-messages.ts";
import { IconButton } from "./icon-button.tsx";
import { Face, noIcon } from "./menu-face.tsx";
import { itemsIn, nextItem } from "./menu-keys.ts";
import { closeMenu, type MenuItem, type OpenMenu } from "./menu.ts";
import { shownName } from "./shown-name.ts";
import { useBackCloses } from "./use-back-closes.ts";
import { useSwipeDown } from "./use-swipe-down.ts";

export interface MenuProps {
  readonly menu: OpenMenu;
  readonly giveFocusBack: (event: Event) => void;
}

/** A menu on a phone: at the lower edge, where the thumb reaches it, and without the keys that a phone lacks. */
export function MenuSheet({ menu, giveFocusBack }: MenuProps) {
  const [submenu, setSubmenu] = useState<Submenu>();
  const list = useRef<HTMLDivElement>(null);
  const shown = submenu ?? menu;
  const open = (next: Submenu) => {
    flushSync(() => setSubmenu(next));
    itemsIn(list.current)[0]?.focus();
  };
  const leaveSubmenu = () => {
    flushSync(() => setSubmenu(undefined));
    itemsIn(list.current)
      .find((item) => item.ariaHasPopup === "menu")
      ?.focus();
  };
  const dismiss = () => {
    menu.onDismiss?.();
    closeMenu();
  };
  useBackCloses(submenu === undefined ? dismiss : leaveSubmenu);
  const swipe = useSwipeDown(list, dismiss);
  const takeFocus = (event: Event) => {
    event.preventDefault();
    const place = menu.byKey === true ? itemsIn(list.current)[0] : list.current;
    place?.focus({ preventScroll: true });
  };
  const escape = (event: Event) => {
    if (submenu === undefined) return;
    event.preventDefault();
    leaveSubmenu();
  };
  const move = (event: KeyboardEvent) => {
    const next = nextItem(itemsIn(list.current), event.key);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  const label = shownName(shown.label);
  return (
    <Dialog.Root open onOpenChange={(isOpen) => isOpen || dismiss()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 animate-appear bg-shade" />
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={takeFocus}
          onCloseAutoFocus={giveFocusBack}
          onEscapeKeyDown={escape}
          onKeyDown={move}
          {...swipe}
          className="fixed inset-x-0 bottom-0 z-50 flex max-h-[85dvh] animate-appear flex-col rounded-t-lg bg-raised px-safe pb-safe shadow-over outline-none forced-colors:border"
        >
          <div aria-hidden className="mx-auto mt-2 h-1 w-9 shrink-0 rounded-full bg-edge" />
          <Head label={label} onBack={submenu && leaveSubmenu} />
          <div
            ref={list}
            role="menu"
            tabIndex={-1}
            aria-label={label}
            className="min-h-0 overflow-y-auto overscroll-contain px-2 pt-1 pb-2 outline-none"
          >
            <Items items={shown.items} onOpen={open} />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface HeadProps {
  readonly label: string;
  /** Absent for the first items. */
  readonly onBack: (() => void) | undefined;
}

function Head({ label, onBack }: HeadProps) {
  const { message } = useMessages();
  return (
    <div className={`flex items-center gap-2 pe-2 pt-1 ${onBack === undefined ? "ps-5" : "ps-2"}`}>
      {onBack !== undefined && (
        <span className="rtl:rotate-180">
          <IconButton label={message("design.back")} Icon={ChevronLeft} onClick={onBack} />
        </span>
      )}
      <Dialog.Title className="min-w-0 flex-1 truncate text-lg font-semibold">
        <bdi>{label}</bdi>
      </Dialog.Title>
      <Dialog.Close asChild>
        <IconButton label={message("design.close")} Icon={X} />
      </Dialog.Close>
    </div>
  );
}

type Submenu = Extract<MenuItem, { items: unknown }>;

interface ItemsProps {
  readonly items: readonly MenuItem[];
  /** Replaces the items, because a second sheet would cover the first. */
  readonly onOpen: (submenu: Submenu) => void;
}

function Items({ items, onOpen }: ItemsProps) {
  const hasIcons = items.some((item) => item !== "line" && (item.Icon !== undefined || "checked" in item));
  return items.map((item, index) => {
    // Separators have no identity, and the order does not change.
    if (item === "line") return <hr key={index} className="-mx-2 my-1 h-px border-0 bg-line" />;
    const face = <Face icon={hasIcons && iconOf(item)} label={item.label} />;
    if ("items" in item) {
      return (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          aria-haspopup="menu"
          onClick={() => onOpen(item)}
          className={itemLook}
        >
          {face}
          <ChevronRight aria-hidden size={16} className="ms-auto shrink-0 rtl:rotate-180" />
        </button>
      );
    }
    const { label, danger, disabled, checked, run } = item;
    const choose = () => {
      run();
      closeMenu();
    };
    return (
      <button
        key={label}
        type="button"
        role={checked === undefined ? "menuitem" : "menuitemradio"}
        aria-checked={checked}
        disabled={disabled === true}
        onClick={choose}
        className={`${itemLook} ${danger === true ? "text-danger" : ""}`}
      >
        {face}
      </button>
    );
  });
}

function iconOf(item: Exclude<MenuItem, "line">): ReactNode {
  const checked = "checked" in item ? item.checked : undefined;
  const Icon = checked === true ? Check : item.Icon;
  return Icon === undefined ? noIcon : <Icon aria-hidden size={16} />;
}

const itemLook =
  "flex h-12 w-full items-center gap-4 rounded-md px-3 text-start outline-none select-none hover:bg-hover focus-visible:bg-hover active:bg-pressed disabled:text-muted disabled:opacity-60 forced-colors:focus-visible:outline-2 forced-colors:focus-visible:-outline-offset-2";
