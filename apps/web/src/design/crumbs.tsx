import ChevronRight from "lucide-react/icons/chevron-right";
import Ellipsis from "lucide-react/icons/ellipsis";
import type { ReactNode } from "react";
import { useMessages } from "../messages/use-messages.ts";
import { IconButton } from "./icon-button.tsx";
import { MenuButton } from "./menu-button.tsx";

export interface Crumb {
  readonly id: string;
  readonly name: string;
  /** Used by the menu with the middle of a long path. */
  readonly onOpen: () => void;
}

interface CrumbsProps {
  /** Path from the root to the current folder. */
  readonly crumbs: readonly Crumb[];
  /** The caller knows the addresses and drop targets. */
  readonly link: (crumb: Crumb, name: ReactNode, look: string) => ReactNode;
  /** Default: true. */
  readonly isHeading?: boolean;
}

/** A long path shows the first and the last two folders, and the rest in a menu. */
export function Crumbs({ crumbs, link, isHeading = true }: CrumbsProps) {
  const { message } = useMessages();
  const hidden = crumbs.length > shownMax ? crumbs.slice(1, -2) : [];
  const hiddenIds = new Set(hidden.map(({ id }) => id));
  return (
    <nav aria-label={message("design.path")} className="min-w-0">
      <ol className="flex min-w-0 items-center">
        {crumbs.map((crumb, index) => {
          if (hiddenIds.has(crumb.id) && crumb !== hidden[0]) return null;
          const isLast = index === crumbs.length - 1;
          return (
            <li key={crumb.id} className={`flex items-center ${isLast ? "min-w-24 shrink-[3]" : "min-w-10"}`}>
              {index > 0 && <ChevronRight aria-hidden size={16} className="shrink-0 text-muted rtl:rotate-180" />}
              {crumb === hidden[0] ? (
                <Hidden crumbs={hidden} />
              ) : (
                <One crumb={crumb} isLast={isLast} link={link} isHeading={isHeading} />
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

const shownMax = 4;

interface OneProps extends Pick<CrumbsProps, "link"> {
  readonly crumb: Crumb;
  readonly isLast: boolean;
  readonly isHeading: boolean;
}

function One({ crumb, isLast, link, isHeading }: OneProps) {
  const name = <bdi>{crumb.name}</bdi>;
  if (!isLast) return link(crumb, name, `${look} text-muted hover:bg-hover hover:text-text active:bg-pressed`);
  const Place = isHeading ? "h1" : "span";
  return (
    <Place aria-current="page" className={`${look} text-lg font-semibold`}>
      {name}
    </Place>
  );
}

const look = "block max-w-full truncate rounded-md px-2 py-1.5";

function Hidden({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  const { message } = useMessages();
  return (
    <MenuButton
      label={message("design.more")}
      items={() => crumbs.map(({ name, onOpen }) => ({ label: name, run: onOpen }))}
    >
      <IconButton small label={message("design.more")} Icon={Ellipsis} />
    </MenuButton>
  );
}
