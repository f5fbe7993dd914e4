import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface SectionsProps {
  readonly title: string;
  readonly to: "/settings/{-$section}" | "/admin/{-$section}";
  readonly sections: readonly { readonly id: string; readonly name: string }[];
  readonly current: string;
  readonly children: ReactNode;
}

export function Sections({ title, to, sections, current, children }: SectionsProps) {
  const name = sections.find(({ id }) => id === current)?.name ?? title;
  return (
    <div className="mx-auto flex w-full max-w-270 flex-col gap-4 px-4 pt-2 pb-8 lg:flex-row lg:gap-8 lg:px-6">
      <nav aria-label={title} className="shrink-0 lg:w-44">
        <p className="mb-2 hidden px-3 py-1.5 text-lg font-semibold lg:block">{title}</p>
        <ul className="flex flex-wrap gap-1 lg:flex-col lg:flex-nowrap">
          {sections.map((section) => (
            <li key={section.id} className="shrink-0">
              <Link
                to={to}
                params={{ section: section.id }}
                aria-current={section.id === current ? "page" : undefined}
                className={`flex h-9 items-center rounded-md px-3 whitespace-nowrap pointer-coarse:h-11 focus-visible:-outline-offset-2 ${section.id === current ? "bg-selected font-semibold" : "hover:bg-hover active:bg-pressed"}`}
              >
                {section.name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="flex max-w-180 min-w-0 flex-1 flex-col gap-4">
        <h1 className="py-1 text-xl font-semibold">{name}</h1>
        {children}
      </div>
    </div>
  );
}
