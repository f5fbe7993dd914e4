import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

interface TabsProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly tabs: readonly {
    readonly value: Value;
    readonly label: string;
    readonly count?: string;
    readonly disabled?: boolean;
  }[];
  readonly onChoose: (value: Value) => void;
  readonly children: ReactNode;
}

export function Tabs<Value extends string>({ label, value, tabs, onChoose, children }: TabsProps<Value>) {
  const choose = (chosen: string) => {
    const tab = tabs.find((each) => each.value === chosen);
    if (tab !== undefined) onChoose(tab.value);
  };
  return (
    <Radix.Root
      value={value}
      onValueChange={choose}
      dir={document.documentElement.dir === "rtl" ? "rtl" : "ltr"}
      className="flex min-h-0 flex-col"
    >
      <Radix.List aria-label={label} className="flex shrink-0 flex-wrap border-b sm:gap-x-1 border-line">
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.value} value={tab.value} disabled={tab.disabled === true} className={look}>
            {tab.label}
            {tab.count !== undefined && <span className="ms-2 text-sm text-muted">{tab.count}</span>}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={value} className="min-h-0 flex-1 focus-visible:-outline-offset-2">
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}

const look =
  "h-10 shrink-0 border-b-2 border-transparent px-2 whitespace-nowrap text-muted transition-colors hover:text-text active:bg-pressed sm:px-2.5 focus-visible:-outline-offset-2 disabled:cursor-default disabled:opacity-60 data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-text pointer-coarse:h-11";
