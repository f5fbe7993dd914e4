import { useLocation } from "@tanstack/react-router";
import { DropdownMenu } from "radix-ui";
import Check from "lucide-react/icons/check";
import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronRight from "lucide-react/icons/chevron-right";
import ChevronUp from "lucide-react/icons/chevron-up";
import { type FocusEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Face, noIcon } from "./menu-face.tsx";
import { itemsIn, nextItem } from "./menu-keys.ts";
import { type MenuProps, MenuSheet } from "./menu-sheet.tsx";
import { isNarrow } from "./narrow.ts";
import { showEdges } from "./scroll-edges.ts";
import { closeMenu, type MenuItem, type OpenMenu } from "./menu.ts";

export function MenuLayer({ menu }: { readonly menu: OpenMenu }) {
  const before = useRef(document.activeElement);
  useCloseOnLeave();
  // Does not change while it is open, for example when the phone is turned.
  const [isSheet] = useState(isNarrow);
  const giveFocusBack = (event: Event) => {
    event.preventDefault();
    const opener = menu.opener?.() ?? before.current;
    // The chosen item may have moved the focus already.
    if (opener instanceof HTMLElement && isFree(document.activeElement, opener)) opener.focus();
  };
  return isSheet ? (
    <MenuSheet menu={menu} giveFocusBack={giveFocusBack} />
  ) : (
    <MenuPopup menu={menu} giveFocusBack={giveFocusBack} />
  );
}

/** Menus act on the place where they were opened. */
function useCloseOnLeave(): void {
  const href = useLocation({ select: (location) => location.href });
  const [openedAt] = useState(href);
  useEffect(() => {
    if (href !== openedAt) closeMenu();
  }, [href, openedAt]);
}

/** Anchored to an own element, because the opener may be in a list that changes. */
function MenuPopup({ menu, giveFocusBack }: MenuProps) {
  const focusFirst = useFocusFirst(menu);
  return (
    <DropdownMenu.Root open dir={direction()} onOpenChange={(isOpen) => isOpen || closeMenu()}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden style={{ position: "fixed", pointerEvents: "none", ...edges(menu.at) }} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          aria-label={menu.label}
          // The default is the anchor, which has no name.
          aria-labelledby={undefined}
          align="start"
          side={menu.side ?? sideOf(menu.at)}
          sideOffset={4}
          collisionPadding={8}
          loop
          ref={showEdges}
          onFocus={focusFirst}
          onKeyDownCapture={moveFocus}
          onCloseAutoFocus={giveFocusBack}
          className={look}
        >
          <More Icon={ChevronUp} side="menu-before" />
          <Items items={menu.items} />
          <More Icon={ChevronDown} side="menu-after" />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Items({ items }: { readonly items: readonly MenuItem[] }) {
  const hasIcons = items.some((item) => item !== "line" && (item.Icon !== undefined || "checked" in item));
  return items.map((item, index) => {
    // Separators have no identity, and the order does not change.
    if (item === "line") return <DropdownMenu.Separator key={index} className="-mx-1 my-1 h-px bg-line" />;
    if ("items" in item) return <Submenu key={item.label} item={item} hasIcons={hasIcons} />;
    const { label, Icon, keys, danger, disabled, checked, run } = item;
    const icon = hasIcons && (Icon === undefined ? noIcon : <Icon aria-hidden size={16} />);
    const face = <Face icon={icon} label={label} keys={keys} />;
    const props = {
      disabled: disabled === true,
      onSelect: run,
      className: `${itemLook} ${danger === true ? "text-danger" : ""}`,
    };
    if (checked === undefined) {
      return (
        <DropdownMenu.Item key={label} {...props}>
          {face}
        </DropdownMenu.Item>
      );
    }
    return (
      // `RadioItem` would need a group with a value for what the role alone says.
      <DropdownMenu.CheckboxItem key={label} role="menuitemradio" checked={checked} {...props}>
        <Face icon={checked ? <Check aria-hidden size={16} /> : noIcon} label={label} keys={keys} />
      </DropdownMenu.CheckboxItem>
    );
  });
}

function More({ Icon, side }: { readonly Icon: typeof ChevronUp; readonly side: "menu-before" | "menu-after" }) {
  return (
    <div aria-hidden className={side}>
      <Icon size={16} />
    </div>
  );
}

interface SubmenuProps {
  readonly item: Extract<MenuItem, { items: unknown }>;
  readonly hasIcons: boolean;
}

function Submenu({ item, hasIcons }: SubmenuProps) {
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className={itemLook}>
        <Face
          icon={hasIcons && (item.Icon === undefined ? noIcon : <item.Icon aria-hidden size={16} />)}
          label={item.label}
        />
        <ChevronRight aria-hidden size={16} className="ms-auto rtl:rotate-180" />
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal>
        <DropdownMenu.SubContent
          sideOffset={6}
          alignOffset={-5}
          collisionPadding={8}
          loop
          ref={showEdges}
          className={look}
        >
          <More Icon={ChevronUp} side="menu-before" />
          <Items items={item.items} />
          <More Icon={ChevronDown} side="menu-after" />
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  );
}

/** Radix focuses the menu. Earlier, a dialog below would move the focus back into itself. */
function useFocusFirst(menu: OpenMenu) {
  const isDone = useRef(menu.byKey !== true);
  return ({ target, currentTarget }: FocusEvent<HTMLElement>) => {
    if (isDone.current || target !== currentTarget) return;
    isDone.current = true;
    currentTarget.querySelector<HTMLElement>("[role^=menuitem]:not([data-disabled])")?.focus({ preventScroll: true });
  };
}

/** Radix moves the focus in a timer. On a busy machine, the next key would act on the previous item. */
function moveFocus(event: KeyboardEvent): void {
  if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey || !(event.target instanceof Element)) return;
  // A submenu is outside of its menu's element.
  const next = nextItem(itemsIn(event.target.closest("[role=menu]")), event.key);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function edges(at: OpenMenu["at"]) {
  if (!(at instanceof Element)) return { left: at.x, top: at.y, width: 0, height: 0 };
  const { left, top, width, height } = at.getBoundingClientRect();
  return { left, top, width, height };
}

/** Beside the pointer, a menu is shifted to fit. Above or below, it has only half of the window. */
function sideOf(at: OpenMenu["at"]): "bottom" | "right" {
  if (at instanceof Element) return "bottom";
  return Math.max(at.x, window.innerWidth - at.x) > widthMax ? "right" : "bottom";
}

/** Menu width with its distance to the edge, in pixels. */
const widthMax = 340;

/** A dialog around the opener takes the focus itself if its content changes while the menu closes. */
function isFree(focused: Element | null, opener: HTMLElement): boolean {
  if (focused === null || focused === document.body) return true;
  return focused.closest("[role=menu]") !== null || (focused.role === "dialog" && focused.contains(opener));
}

function direction(): "ltr" | "rtl" {
  return document.documentElement.dir === "rtl" ? "rtl" : "ltr";
}

const look =
  "z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-80 min-w-48 animate-appear scroll-py-9 overflow-y-auto rounded-lg bg-raised p-1 shadow-over outline-none forced-colors:border";
const itemLook =
  "flex h-9 cursor-default items-center gap-3 rounded-md px-2.5 outline-none select-none data-disabled:text-muted data-disabled:opacity-60 data-highlighted:bg-hover data-[state=open]:bg-hover pointer-coarse:h-12 forced-colors:data-highlighted:outline-2 forced-colors:data-highlighted:-outline-offset-2";
