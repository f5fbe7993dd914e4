import { Suspense, useSyncExternalStore } from "react";
import { lazyPart } from "./lazy-part.ts";
import { closeMenu, currentMenu, loadMenus, watchMenu } from "./menu.ts";

const MenuLayer = lazyPart(async () => (await loadMenus()).MenuLayer, closeMenu);
const keys = new WeakMap<object, number>();
let lastKey = 0;

export function MenuHost() {
  const menu = useSyncExternalStore(watchMenu, currentMenu);
  if (menu === undefined) return null;
  return (
    <Suspense fallback={null}>
      <MenuLayer key={keyOf(menu)} menu={menu} />
    </Suspense>
  );
}

/** A menu that replaces another one must not reuse its state. */
function keyOf(menu: object): number {
  const key = keys.get(menu) ?? ++lastKey;
  keys.set(menu, key);
  return key;
}
