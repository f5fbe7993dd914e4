import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import Camera from "lucide-react/icons/camera";
import Menu from "lucide-react/icons/menu";
import Plus from "lucide-react/icons/plus";
import Settings from "lucide-react/icons/settings";
import ShieldCheck from "lucide-react/icons/shield-check";
import { useAccount } from "../../data/account.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useMainItems } from "./main-items.ts";
import { usePlaceDrop } from "./place-drop.ts";
import { places } from "./places.ts";

type Place = (typeof places)[number];

const isInBar = ({ to }: Place) => to === "/files" || to === "/recent" || to === "/shared";
const inBar = places.filter(isInBar);
const others = places.filter((place) => !isInBar(place));

/** Navigation on phones, within reach of the thumb. The button in the middle adds files. */
export function BottomBar() {
  const { message } = useMessages();
  const [first, second, third] = inBar.map((place) => <PlaceTab key={place.to} place={place} />);
  return (
    <nav
      aria-label={message("shell.places")}
      className="flex shrink-0 items-center border-t border-line bg-surface px-1 pb-safe sm:hidden"
    >
      {first}
      {second}
      <AddButton />
      {third}
      <MoreTab />
    </nav>
  );
}

function PlaceTab({ place: { to, name, Icon } }: { readonly place: Place }) {
  const { message } = useMessages();
  const dropOf = usePlaceDrop();
  return (
    <Link
      to={to}
      draggable={false}
      {...dropOf(to)}
      activeProps={{ className: activeLook }}
      className={`${tabLook} data-over:ring-2 data-over:ring-accent`}
    >
      <Icon aria-hidden size={20} className="shrink-0" />
      <span className="max-w-full truncate">{message(name)}</span>
    </Link>
  );
}

function AddButton() {
  const { message } = useMessages();
  const add = useMainItems();
  if (add === undefined) return null;
  const items = (): readonly MenuItem[] => [
    ...add.newItems(),
    "line",
    ...add.uploadItems(),
    add.item("shell.takePhoto", Camera, "takePhoto"),
  ];
  const label = message("shell.new");
  return (
    <div className="flex flex-1 justify-center">
      <MenuButton label={label} items={items}>
        <button
          type="button"
          aria-label={label}
          className="flex size-12 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-hover active:bg-accent-pressed forced-colors:border"
        >
          <Plus aria-hidden size={24} />
        </button>
      </MenuButton>
    </div>
  );
}

function MoreTab() {
  const { message } = useMessages();
  const navigate = useNavigate();
  const { data: account } = useAccount();
  const isActive = useLocation({ select: ({ pathname }) => /^\/(starred|trash|settings|admin)/.test(pathname) });
  const items = (): readonly MenuItem[] => [
    ...others.map(({ to, name, Icon }) => ({ label: message(name), Icon, run: () => void navigate({ to }) })),
    "line",
    {
      label: message("place.settings"),
      Icon: Settings,
      run: () => void navigate({ to: "/settings/{-$section}", params: {} }),
    },
    ...(account?.admin === true
      ? [
          {
            label: message("place.admin"),
            Icon: ShieldCheck,
            run: () => void navigate({ to: "/admin/{-$section}", params: {} }),
          },
        ]
      : []),
  ];
  const label = message("shell.more");
  return (
    <MenuButton label={label} items={items}>
      <button type="button" className={`${tabLook} ${isActive ? activeLook : ""}`}>
        <Menu aria-hidden size={20} className="shrink-0" />
        <span className="max-w-full truncate">{label}</span>
      </button>
    </MenuButton>
  );
}

const activeLook = "bg-selected font-semibold";
const tabLook =
  "my-1 flex h-12 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 rounded-md px-1 text-sm -outline-offset-2";
