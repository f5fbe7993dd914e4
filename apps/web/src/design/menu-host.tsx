import { lazy, Suspense, useSyncExternalStore } from "react";
import { currentMenu, loadMenus, watchMenu } from "./menu.ts";

const MenuLayer = lazy(async () => ({ default: (await loadMenus()).MenuLayer }));
const keys = new WeakMap<object, number>();
let lastKey = 0;

/** Shows the open menu. Rendered once. */
export function MenuHost() {
  const menu = useSyncExternalStore(watchMenu, currentMenu);
  if (menu === undefined) return null;
  return (
    <Suspense fallback={null}>
      <MenuLayer key={keyOf(menu)} menu={menu} />
    </Suspense>
  );
}

/** Keys each menu, so that a menu replacing another one does not reuse its state. */
function keyOf(menu: object): number {
  const key = keys.get(menu) ?? ++lastKey;
  keys.set(menu, key);
  return key;
}
