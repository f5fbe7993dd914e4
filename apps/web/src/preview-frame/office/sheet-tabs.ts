interface TabsParts {
  readonly names: readonly string[];
  readonly label: string;
  /** Id of the element that shows the chosen sheet. */
  readonly panelId: string;
  readonly direction: "ltr" | "rtl";
  readonly onChoose: (index: number) => void;
}

/** Arrow keys move the focus. Enter or Space chooses, because a large sheet takes a while. */
export function makeTabs({ names, label, panelId, direction, onChoose }: TabsParts): HTMLElement {
  const list = document.createElement("div");
  list.role = "tablist";
  list.ariaLabel = label;
  list.className = "tabs";
  const tabs = names.map((name, index) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.role = "tab";
    tab.id = tabId(panelId, index);
    tab.setAttribute("aria-controls", panelId);
    tab.dir = "auto";
    tab.textContent = name;
    tab.addEventListener("click", () => {
      choose(tabs, index);
      onChoose(index);
    });
    return tab;
  });
  list.append(...tabs);
  choose(tabs, 0);
  list.addEventListener("keydown", (event) => {
    const current = tabs.findIndex((tab) => tab === document.activeElement);
    const next = nextTab(event.key, current, tabs.length, direction);
    if (next === undefined || current === -1 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    rove(tabs, next);
    tabs[next]?.focus();
  });
  return list;
}

export function tabId(panelId: string, index: number): string {
  return `${panelId}-tab-${index}`;
}

function choose(tabs: readonly HTMLElement[], chosen: number): void {
  for (const [index, tab] of tabs.entries()) tab.ariaSelected = String(index === chosen);
  rove(tabs, chosen);
}

/** Only one tab is in the tab order. */
function rove(tabs: readonly HTMLElement[], current: number): void {
  for (const [index, tab] of tabs.entries()) tab.tabIndex = index === current ? 0 : -1;
}

function nextTab(key: string, current: number, count: number, direction: "ltr" | "rtl"): number | undefined {
  const [forwards, backwards] = direction === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
  if (key === forwards) return (current + 1) % count;
  if (key === backwards) return (current + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : undefined;
}
