import File from "lucide-react/icons/file";
import Folder from "lucide-react/icons/folder";
import { type ReactNode, useState } from "react";
import { type Crumb, Crumbs } from "../../design/crumbs.tsx";
import { Row, Tile } from "../../design/row.tsx";
import { Tabs } from "../../design/tabs.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { Line, Specimen } from "./specimen.tsx";

export function ListsGallery() {
  return (
    <>
      <Paths />
      <Rows />
      <SomeTabs />
    </>
  );
}

const names = ["Files", "Photographs", "2026", "Reykjavík", "A folder with quite a long name that is cut somewhere"];

function Paths() {
  const crumbsOf = (count: number): readonly Crumb[] =>
    names.slice(0, count).map((name) => ({ id: name, name, onOpen: () => {} }));
  const link = (crumb: Crumb, name: ReactNode, look: string) => (
    <button type="button" className={look} onClick={crumb.onOpen}>
      {name}
    </button>
  );
  return (
    <Specimen name="Crumbs">
      <Crumbs crumbs={crumbsOf(2)} link={link} isHeading={false} />
      <Crumbs crumbs={crumbsOf(5)} link={link} isHeading={false} />
    </Specimen>
  );
}

function Rows() {
  const { message } = useMessages();
  const states = [
    { name: message("gallery.rest") },
    { name: message("gallery.selected"), selected: true },
    { name: message("gallery.faint"), faint: true },
    { name: message("gallery.target"), isTarget: true },
  ];
  return (
    <Specimen name="Row, Tile">
      <div className="flex flex-col">
        {states.map(({ name, ...state }) => (
          <Row key={name} {...state}>
            <Folder aria-hidden size={20} className="shrink-0 text-muted" />
            <span className="min-w-0 flex-1 truncate">{name}</span>
          </Row>
        ))}
      </div>
      <Line>
        {states.map(({ name, ...state }) => (
          <Tile key={name} {...state} className="w-32">
            <div className="flex h-20 items-center justify-center rounded-md bg-pressed">
              <File aria-hidden size={32} strokeWidth={1.25} className="text-muted" />
            </div>
            <span className="truncate">{name}</span>
          </Tile>
        ))}
      </Line>
    </Specimen>
  );
}

function SomeTabs() {
  const { message, number } = useMessages();
  const [tab, setTab] = useState<"one" | "two" | "three">("one");
  const tabs = [
    { value: "one", label: message("gallery.details") },
    { value: "two", label: message("place.shared"), count: number(12) },
    { value: "three", label: message("gallery.disabled"), disabled: true },
  ] as const;
  return (
    <Specimen name="Tabs">
      <Tabs label={message("gallery.details")} value={tab} tabs={tabs} onChoose={setTab}>
        <p className="p-3">{tabs.find(({ value }) => value === tab)?.label}</p>
      </Tabs>
    </Specimen>
  );
}
