import { DropdownMenu } from "radix-ui";
import Check from "lucide-react/icons/check";
import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronRight from "lucide-react/icons/chevron-right";
import ChevronUp from "lucide-react/icons/chevron-up";
import { type ReactNode, useEffect, useRef } from "react";
import { showEdges } from "./scroll-edges.ts";
import { closeMenu, type MenuItem, type OpenMenu } from "./menu.ts";

/** Anchored to an own element, because the opener may be in a list that changes. */
export function MenuLayer({ menu }: { readonly menu: OpenMenu }) {
  const before = useRef(document.activeElement);
  const place = placeOf(menu.at);
  const giveFocusBack = (event: Event) => {
    event.preventDefault();
    const opener = menu.opener?.() ?? before.current;
    // The chosen item may have moved the focus already.
    if (opener instanceof HTMLElement && isFree(document.activeElement)) opener.focus();
  };
  return (
    <DropdownMenu.Root open dir={direction()} onOpenChange={(isOpen) => isOpen || closeMenu()}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden style={{ position: "fixed", pointerEvents: "none", ...place.edges }} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          aria-label={menu.label}
          // The default is the anchor, which has no name.
          aria-labelledby={undefined}
          align="start"
          side={menu.side ?? place.side}
          sideOffset={4}
          collisionPadding={8}
          loop
          ref={showEdges}
          onCloseAutoFocus={giveFocusBack}
          className={look}
        >
          {menu.byKey === true && <FocusFirst />}
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
      <DropdownMenu.CheckboxItem key={label} checked={checked} {...props}>
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
          sideOffset={window.innerWidth < besideFromPx ? overlapPx : 6}
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

function Face({
  icon,
  label,
  keys,
}: {
  readonly icon: ReactNode;
  readonly label: string;
  readonly keys?: string | undefined;
}) {
  return (
    <>
      {icon !== false && <span className="flex size-4 shrink-0 items-center justify-center">{icon}</span>}
      <span className="min-w-0 truncate">{label}</span>
      {keys !== undefined && (
        <kbd aria-hidden className="ms-auto ps-6 font-sans text-sm text-muted pointer-coarse:hidden">
          {keys}
        </kbd>
      )}
    </>
  );
}

/** Runs before Radix focuses the menu, which leaves a focus inside alone. */
function FocusFirst() {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    place.current?.parentElement
      ?.querySelector<HTMLElement>("[role^=menuitem]:not([data-disabled])")
      ?.focus({ preventScroll: true });
  }, []);
  return <span ref={place} hidden />;
}

const noIcon = <></>;

interface Place {
  readonly side: "top" | "bottom" | "right";
  readonly edges: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}

/**
 * Beside the pointer, a menu is shifted to fit. Above or below it, a menu would have only a part of the window. Without
 * room beside the pointer, the menu is at the lower edge of the window, where it may be as high as the window.
 */
function placeOf(at: OpenMenu["at"]): Place {
  if (at instanceof Element) {
    const { left, top, width, height } = at.getBoundingClientRect();
    return { side: "bottom", edges: { left, top, width, height } };
  }
  const isBeside = Math.max(at.x, window.innerWidth - at.x) > widthMax;
  const top = isBeside ? at.y : window.innerHeight;
  return { side: isBeside ? "right" : "top", edges: { left: at.x, top, width: 0, height: 0 } };
}

/** Menu width with its distance to the edge, in pixels. */
const widthMax = 340;
/** Width of a window with room for a submenu beside its menu. In a narrower one, the submenu covers its menu. */
const besideFromPx = 640;
const overlapPx = -200;

function isFree(focused: Element | null): boolean {
  return focused === null || focused === document.body || focused.closest("[role=menu]") !== null;
}

function direction(): "ltr" | "rtl" {
  return document.documentElement.dir === "rtl" ? "rtl" : "ltr";
}

const look =
  "z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-[min(20rem,calc(100vw-1rem))] min-w-48 animate-appear scroll-py-9 overflow-y-auto rounded-lg bg-raised p-1 shadow-over outline-none forced-colors:border";
const itemLook =
  "flex h-9 cursor-default items-center gap-3 rounded-md px-2.5 outline-none select-none data-disabled:text-muted data-disabled:opacity-60 data-highlighted:bg-hover data-[state=open]:bg-hover pointer-coarse:h-12 forced-colors:data-highlighted:outline-2 forced-colors:data-highlighted:-outline-offset-2";
